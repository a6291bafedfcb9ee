"""`/api/v1/knowledge/ingestion-jobs`: the documents that were handed in, and how they ended."""

import re
from functools import partial
from typing import Annotated, Final, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, BeforeValidator, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from loopctl_pipelines.api.access.authentication import OrchestratorCaller
from loopctl_pipelines.api.access.knowledge_base import KNOWLEDGE_BASE
from loopctl_pipelines.api.errors import documented
from loopctl_pipelines.api.offsets import OffsetMeta, OffsetQuery, clamped, limit_schema
from loopctl_pipelines.api.service import service_of
from loopctl_pipelines.api.timestamps import Timestamp, naive_utc
from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.knowledge.ingestion.request_list import (
    ListedRequest,
    RequestList,
    list_requests,
)

router = APIRouter(
    prefix="/api/v1/knowledge/ingestion-jobs", tags=["Ingestion"], dependencies=[KNOWLEDGE_BASE]
)

_DEFAULT_LIMIT: Final = 20
_LARGEST_LIMIT: Final = 1000
_MOST_DAYS: Final = 36_500
_DAYS: Final = re.compile(r"0*([1-9][0-9]*)")
_MOST_DIGITS: Final = 9

JobState = Literal["available", "retryable", "completed", "discarded"]


class JobError(BaseModel):
    """How an attempt failed."""

    attempt: int = Field(description="Attempts that have ended.", examples=[1])
    at: Timestamp | None = Field(
        description="Null while the document waits.", examples=["2026-04-03T02:00:03.120394Z"]
    )
    error: str = Field(
        description="A code, with the server's HTTP status if it sent one.",
        examples=["http_status status=404"],
    )


class IngestionJob(BaseModel):
    """A document that was handed in."""

    id: UUID
    state: JobState = Field(
        description="available: it waits; retryable: it waits after a failure; completed; "
        "discarded: it failed for good."
    )
    source_type: str = Field(examples=["web_article"])
    url: str | None = Field(
        description="Without user, password, query and fragment. Null for content.",
        examples=["https://example.org/a"],
    )
    content_hash: str = Field(
        description="Hex SHA-256 of the whole url or of the content.",
        examples=["2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"],
    )
    inserted_at: Timestamp = Field(examples=["2026-04-03T02:00:03.120394Z"])
    completed_at: Timestamp | None = Field(examples=["2026-04-03T02:00:09.120394Z"])
    articles: int = Field(description="Made from the document.", examples=[3])
    errors: list[JobError] = Field(description="How the last attempt failed; empty: it did not.")


class IngestionJobPage(BaseModel):
    """Documents, the newest first."""

    data: list[IngestionJob]
    meta: OffsetMeta


def _days(text: object) -> object:
    if not isinstance(text, str):
        return text
    if not text:
        return None
    found = _DAYS.fullmatch(text)
    if found is None:
        raise PydanticCustomError("days", "is not a number of days from 1 on")
    return min(int(found[1][:_MOST_DIGITS]), _MOST_DAYS)


class JobQuery(OffsetQuery):
    """Parameters of the list of documents."""

    limit: Annotated[
        int,
        clamped(_DEFAULT_LIMIT, _LARGEST_LIMIT),
        limit_schema(_DEFAULT_LIMIT, _LARGEST_LIMIT),
    ] = Field(_DEFAULT_LIMIT, description="Clamped to 1 to 1000; 20 for what is not a number.")
    since_days: Annotated[
        int | None,
        BeforeValidator(_days),
        WithJsonSchema({"type": "integer", "minimum": 1, "maximum": _MOST_DAYS}),
    ] = Field(None, description="Only documents of so many days. Empty: all.")


@router.get(
    "",
    operation_id="list_ingestion_jobs",
    summary="List the documents that were handed in",
    responses=documented((400, 401, 403, 404, 422, 429, 503)),
)
async def list_jobs(
    request: Request, caller: OrchestratorCaller, query: Annotated[JobQuery, Query()]
) -> IngestionJobPage:
    """Newest first; the id breaks ties. Role: orchestrator."""
    found = await service_of(request).threads.run(
        partial(_find, tenant_id=caller.tenant_id, query=query)
    )
    meta = OffsetMeta(limit=query.limit, offset=query.offset, total_count=found.total)
    return IngestionJobPage(data=[_job(each) for each in found.requests], meta=meta)


def _find(database: Database, tenant_id: UUID, query: JobQuery) -> RequestList:
    with database.tenant_transaction(tenant_id) as connection:
        return list_requests(
            connection, tenant_id, limit=query.limit, offset=query.offset, days=query.since_days
        )


def _job(request: ListedRequest) -> IngestionJob:
    completed_at = request.completed_at and naive_utc(request.completed_at)
    errors = []
    if request.failure is not None:
        errors = [JobError(attempt=request.attempts, at=completed_at, error=request.failure)]
    return IngestionJob(
        id=request.id,
        state=_state(request),
        source_type=request.source_type,
        url=request.url,
        content_hash=request.content_hash,
        inserted_at=naive_utc(request.inserted_at),
        completed_at=completed_at,
        articles=request.articles,
        errors=errors,
    )


def _state(request: ListedRequest) -> JobState:
    if request.state == "pending":
        return "available" if request.failure is None else "retryable"
    return "completed" if request.state == "done" else "discarded"
