"""`/api/v1/cost-summaries`: a tenant's daily cost summaries."""

from datetime import date
from functools import partial
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, BeforeValidator, Field

from loopctl_pipelines.api.access.authentication import Reader
from loopctl_pipelines.api.errors import documented, invalid
from loopctl_pipelines.api.pages import Page, PageMeta, PageQuery, page_response, read_page
from loopctl_pipelines.api.query_values import OptionalDay, OptionalUuid
from loopctl_pipelines.api.service import service_of
from loopctl_pipelines.api.timestamps import Timestamp
from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.database.statements import statement

router = APIRouter(prefix="/api/v1/cost-summaries", tags=["Cost summaries"])

ScopeType = Literal["agent", "epic", "project", "story"]


class PhaseUsage(BaseModel):
    """Usage of one model in one phase. A correction may make a number negative."""

    input_tokens: int = Field(examples=[1_200_000])
    output_tokens: int = Field(examples=[80_000])
    cost_millicents: int = Field(examples=[398_000])


class CostSummary(BaseModel):
    """Totals of one scope and UTC day: tokens, and millicents (1/1000 cent)."""

    id: UUID
    tenant_id: UUID
    scope_type: ScopeType
    scope_id: UUID = Field(description="Of the agent, the epic or the project.")
    period_start: date = Field(examples=["2026-04-02"])
    period_end: date = Field(
        description="Inclusive. loopctl_pipelines writes single days.", examples=["2026-04-02"]
    )
    total_input_tokens: int = Field(examples=[1_200_000])
    total_output_tokens: int = Field(examples=[80_000])
    total_cost_millicents: int = Field(examples=[398_000])
    report_count: int = Field(description="Corrections included.", examples=[12])
    avg_cost_per_story_millicents: int | None = Field(
        description="Truncated toward zero. Null for agents.", examples=[66_333]
    )
    model_breakdown: dict[str, dict[str, PhaseUsage]] = Field(
        description="By model, then by phase: planning, implementing, reviewing or other."
    )
    stale: bool = Field(
        description="A report was deleted or corrected since; the next run recomputes the day."
    )
    inserted_at: Timestamp = Field(examples=["2026-04-03T02:00:03.120394Z"])
    updated_at: Timestamp = Field(examples=["2026-04-03T02:00:03.120394Z"])


class CostSummaryPage(BaseModel):
    """Summaries, the latest day first."""

    data: list[CostSummary]
    meta: PageMeta


def _empty_is_none(text: object) -> object:
    return text or None


class SummaryQuery(PageQuery):
    """Filters of the list of summaries."""

    scope_type: Annotated[ScopeType | None, BeforeValidator(_empty_is_none)] = Field(
        None, description="Empty: all."
    )
    scope_id: OptionalUuid = Field(None, description="Empty: all.")
    first: OptionalDay = Field(None, alias="from", description="First UTC day. Empty: no bound.")
    last: OptionalDay = Field(
        None, alias="to", description="Last UTC day, inclusive. Empty: no bound."
    )


@router.get(
    "",
    operation_id="list_cost_summaries",
    summary="List a tenant's cost summaries",
    response_model=CostSummaryPage,
    responses=documented((400, 401, 403, 404, 422, 429, 503)),
)
async def list_summaries(
    request: Request, caller: Reader, query: Annotated[SummaryQuery, Query()]
) -> Response:
    """Latest day first, then by scope. Role: user, or orchestrator where the operator says so."""
    if query.first and query.last and query.last < query.first:
        raise invalid("to", "lies before from")
    page = await service_of(request).threads.run(
        partial(_find, tenant_id=caller.tenant_id, query=query)
    )
    return page_response(query, page)


def _find(database: Database, tenant_id: UUID, query: SummaryQuery) -> Page:
    parameters = {
        "tenant_id": tenant_id,
        "scope_type": query.scope_type,
        "scope_id": query.scope_id,
        "first": query.first,
        "last": query.last,
        "offset": query.offset,
        "page_size": query.page_size,
    }
    return read_page(database, tenant_id, statement(__package__, "list_summaries"), parameters)
