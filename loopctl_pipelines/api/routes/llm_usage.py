"""`/api/v1/knowledge/llm-usage`: what a tenant's own keys were billed for."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field

from loopctl_pipelines.api.access.authentication import OrchestratorCaller
from loopctl_pipelines.api.errors import documented, invalid
from loopctl_pipelines.api.moments import OptionalEnd, OptionalStart
from loopctl_pipelines.api.offsets import OffsetMeta, OffsetQuery, clamped, limit_schema
from loopctl_pipelines.api.service import service_of
from loopctl_pipelines.api.timestamps import Timestamp
from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.llm.usage_summary import UsageSum, summarize_usage

router = APIRouter(prefix="/api/v1/knowledge/llm-usage", tags=["LLM usage"])

_DEFAULT_LIMIT: Final = 50
_LARGEST_LIMIT: Final = 200
_DEFAULT_DAYS: Final = timedelta(days=90)


class LlmUsage(BaseModel):
    """The billed requests of one UTC day, operation, model and kind of source."""

    day: Timestamp = Field(description="Its start.", examples=["2026-04-02T00:00:00.000000Z"])
    operation: str = Field(
        description="extraction, classification, merge or embedding.", examples=["extraction"]
    )
    model: str = Field(examples=["claude-haiku-4-5-20251001"])
    source_type: str | None = Field(description="What was sent.", examples=["web_article"])
    input_tokens: int = Field(examples=[1_200_000])
    output_tokens: int = Field(examples=[80_000])
    event_count: int = Field(description="Requests.", examples=[12])
    dollars: str | None = Field(
        description="By the vendor's list price: a decimal number, as a string. Null: the model's "
        "price is not known.",
        examples=["1.6"],
    )


class LlmUsageMeta(OffsetMeta):
    """Place of the rows in the list, and its bounds."""

    first: Timestamp = Field(serialization_alias="from", examples=["2026-01-02T12:00:00.000000Z"])
    last: Timestamp | None = Field(serialization_alias="to", examples=[None])


class LlmUsagePage(BaseModel):
    """Billed requests, the latest day first."""

    data: list[LlmUsage]
    meta: LlmUsageMeta


class UsageQuery(OffsetQuery):
    """Parameters of the list of billed requests."""

    limit: Annotated[
        int,
        clamped(_DEFAULT_LIMIT, _LARGEST_LIMIT),
        limit_schema(_DEFAULT_LIMIT, _LARGEST_LIMIT),
    ] = Field(_DEFAULT_LIMIT, description="Clamped to 1 to 200; 50 for what is not a number.")
    first: OptionalStart = Field(
        None, alias="from", description="Day, or time in UTC or with offset. Empty: 90 days ago."
    )
    last: OptionalEnd = Field(
        None, alias="to", description="Likewise, inclusive; a day counts whole. Empty: no bound."
    )


@router.get(
    "",
    operation_id="list_llm_usage",
    summary="List what the tenant's keys were billed for",
    responses=documented((400, 401, 403, 404, 422, 429, 503)),
)
async def list_usage(
    request: Request, caller: OrchestratorCaller, query: Annotated[UsageQuery, Query()]
) -> LlmUsagePage:
    """Latest day first, then by operation, model and source type. Role: orchestrator."""
    first = query.first or datetime.now(UTC).replace(tzinfo=None) - _DEFAULT_DAYS
    if query.first and query.last and query.last < query.first:
        raise invalid("to", "lies before from")
    total, data = await service_of(request).threads.run(
        partial(_find, tenant_id=caller.tenant_id, query=query, first=first)
    )
    meta = LlmUsageMeta(
        limit=query.limit, offset=query.offset, total_count=total, first=first, last=query.last
    )
    return LlmUsagePage(data=data, meta=meta)


def _find(
    database: Database, tenant_id: UUID, query: UsageQuery, first: datetime
) -> tuple[int, list[LlmUsage]]:
    with database.tenant_transaction(tenant_id) as connection:
        found = summarize_usage(
            connection,
            tenant_id,
            first=first,
            last=query.last,
            limit=query.limit,
            offset=query.offset,
        )
    # here, in a thread: the first price takes a second
    return found.total, [_shown(each) for each in found.sums]


def _shown(usage: UsageSum) -> LlmUsage:
    return LlmUsage(
        day=usage.day,
        operation=usage.operation,
        model=usage.model,
        source_type=usage.source_type,
        input_tokens=usage.input_tokens,
        output_tokens=usage.output_tokens,
        event_count=usage.event_count,
        dollars=_decimal(usage.dollars()),
    )


def _decimal(dollars: Decimal | None) -> str | None:
    return None if dollars is None else f"{dollars.normalize():f}"
