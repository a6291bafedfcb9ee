"""`/api/v1/knowledge/pipeline`: what is pending for a tenant, what was made, and what failed."""

from collections.abc import Sequence
from functools import partial
from typing import Annotated, Literal, Self
from uuid import UUID

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field

from loopctl_pipelines.api.access.authentication import OrchestratorCaller
from loopctl_pipelines.api.access.knowledge_base import KNOWLEDGE_BASE
from loopctl_pipelines.api.errors import documented
from loopctl_pipelines.api.query_values import NoQuery
from loopctl_pipelines.api.service import service_of
from loopctl_pipelines.api.timestamps import Timestamp, naive_utc
from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.knowledge.work_status.pipeline import Pipeline, WorkError, read_pipeline
from loopctl_pipelines.llm.operation import Operation

router = APIRouter(
    prefix="/api/v1/knowledge/pipeline", tags=["Pipeline"], dependencies=[KNOWLEDGE_BASE]
)


class DraftItem(BaseModel):
    """An extracted article that waits for its publication."""

    id: UUID
    title: str = Field(examples=["Retries need jitter"])
    source_id: UUID | None = Field(description="The review; null: a document.")
    inserted_at: Timestamp = Field(examples=["2026-04-03T02:00:03.120394Z"])


class ErrorItem(BaseModel):
    """A document, review or article whose last attempt failed."""

    id: UUID = Field(description="Of the document's job, of the review or of the article.")
    state: Literal["retryable", "discarded"]
    error_reason: str = Field(
        description="A code, with an HTTP status if there was one.",
        examples=["api_error status=503"],
    )
    attempted_at: Timestamp | None = Field(
        description="Null: not recorded.", examples=["2026-04-03T02:00:03.120394Z"]
    )


class Errors(BaseModel):
    """Errors of one operation."""

    count: int = Field(examples=[1])
    recent: list[ErrorItem] = Field(description="The latest 5.")

    @classmethod
    def of(cls, errors: Sequence[WorkError]) -> Self:
        """Return errors as they are shown."""
        recent = [
            ErrorItem(
                id=error.id,
                state="retryable" if error.is_waiting else "discarded",
                error_reason=error.failure,
                attempted_at=error.ended_at and naive_utc(error.ended_at),
            )
            for error in errors
        ]
        return cls(count=errors[0].total if errors else 0, recent=recent)


class OperationItem(BaseModel):
    """What one operation has to do for the tenant."""

    operation: Operation
    pending: int = Field(description="Articles, or documents and reviews, that are next.")
    running: bool = Field(description="A run is working on them now.")
    waiting: int = Field(description="That are tried again later.")
    set_aside: int = Field(description="That are not tried again unless something changes.")
    until: Timestamp | None = Field(
        description="End of the pause, or when the next one that waits is due.",
        examples=["2026-04-03T02:00:03.120394Z"],
    )
    reasons: list[str] = Field(
        description="Codes: why it waits.", examples=[["api_error status=429"]]
    )


class PipelineState(BaseModel):
    """The state of a tenant's pipeline."""

    pending_extractions: int = Field(
        description="Documents and reviews that are not done, those that wait included."
    )
    recent_drafts: list[DraftItem] = Field(description="The newest 20 that were extracted.")
    publish_rate: float = Field(
        description="Published part of the extracted articles that are published or drafts.",
        examples=[0.6667],
    )
    extraction_errors: Errors = Field(
        description="Of documents and reviews: those that wait, and failures of the last 7 days."
    )
    embedding_errors: Errors = Field(description="Of published articles.")
    auto_extract_enabled: bool = Field(description="Articles are extracted from reviews.")
    operations: list[OperationItem]


class PipelineBody(BaseModel):
    """The answer."""

    data: PipelineState


@router.get(
    "",
    operation_id="show_pipeline",
    summary="Show what the tenant's pipeline has to do, has made, and could not do",
    responses=documented((400, 401, 403, 404, 422, 429, 503)),
)
async def show(
    request: Request, caller: OrchestratorCaller, _: Annotated[NoQuery, Query()]
) -> PipelineBody:
    """Errors are codes from a closed set, never another server's text. Role: orchestrator."""
    service = service_of(request)
    found = await service.threads.run(
        partial(_read, tenant_id=caller.tenant_id, review_slugs=service.settings.extract_reviews)
    )
    return PipelineBody(data=_state(found))


def _read(database: Database, tenant_id: UUID, review_slugs: frozenset[str]) -> Pipeline:
    with database.tenant_transaction(tenant_id) as connection:
        return read_pipeline(connection, tenant_id, review_slugs)


def _state(found: Pipeline) -> PipelineState:
    pending = (
        one.pending + one.waiting for one in found.work if one.operation is Operation.EXTRACTION
    )
    drafts = [
        DraftItem(
            id=each.id, title=each.title, source_id=each.source_id, inserted_at=each.inserted_at
        )
        for each in found.drafts
    ]
    operations = [
        OperationItem(
            operation=one.operation,
            pending=one.pending,
            running=one.operation in found.running,
            waiting=one.waiting,
            set_aside=one.set_aside,
            until=one.until and naive_utc(one.until),
            reasons=list(one.reasons),
        )
        for one in found.work
    ]
    return PipelineState(
        pending_extractions=sum(pending),
        recent_drafts=drafts,
        publish_rate=round(found.publish_rate, 4),
        extraction_errors=Errors.of(found.extraction_errors),
        embedding_errors=Errors.of(found.embedding_errors),
        auto_extract_enabled=found.reviews_are_extracted,
        operations=operations,
    )
