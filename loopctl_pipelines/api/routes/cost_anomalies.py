"""`/api/v1/cost-anomalies`: lists a tenant's anomalies and resolves one, as in loopctl's API."""

from functools import partial
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BaseModel, Field, JsonValue

from loopctl_pipelines.actor import Actor
from loopctl_pipelines.api.access.authentication import Reader, UserCaller
from loopctl_pipelines.api.errors import documented, invalid, refused
from loopctl_pipelines.api.pages import Page, PageMeta, PageQuery, page_response, read_page
from loopctl_pipelines.api.query_values import Flag, NoQuery, OptionalUuid, parse_uuid
from loopctl_pipelines.api.request_bodies import read_json
from loopctl_pipelines.api.service import service_of
from loopctl_pipelines.api.timestamps import Timestamp
from loopctl_pipelines.costs.anomalies.anomaly import AnomalyType
from loopctl_pipelines.costs.anomalies.resolution import Resolution, resolve_anomaly
from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.database.statements import statement

router = APIRouter(prefix="/api/v1/cost-anomalies", tags=["Cost anomalies"])

_TYPES = tuple(AnomalyType)


class CostAnomaly(BaseModel):
    """A story whose cost is far from its epic's average. Costs are in millicents, 1/1000 cent."""

    id: UUID
    tenant_id: UUID
    story_id: UUID
    story_title: str | None = Field(examples=["Document error handling"])
    agent_name: str | None = Field(
        description="Agent that the story is assigned to.", examples=["implementer-1"]
    )
    anomaly_type: str = Field(description=", ".join(_TYPES), examples=["high_cost"])
    story_cost_millicents: int = Field(examples=[398_000])
    reference_avg_millicents: int = Field(examples=[66_533])
    deviation_factor: str = Field(
        description="Cost divided by average: a decimal number, as a string.", examples=["5.98"]
    )
    resolved: bool
    archived: bool
    metadata: dict[str, JsonValue] = Field(
        description="For anomalies found by loopctl_pipelines: period, baseline, epic, stories.",
        examples=[{"period": "2026-04-02", "baseline": "epic_average", "stories": 7}],
    )
    inserted_at: Timestamp = Field(examples=["2026-04-03T02:00:03.120394Z"])
    updated_at: Timestamp = Field(examples=["2026-04-03T02:00:03.120394Z"])


class CostAnomalyPage(BaseModel):
    """Anomalies, the newest first."""

    data: list[CostAnomaly]
    meta: PageMeta


class AnomalyQuery(PageQuery):
    """Filters of the list of anomalies."""

    anomaly_type: str = Field(
        "", description=f"One of {', '.join(_TYPES)}; any other matches nothing. Empty: all."
    )
    project_id: OptionalUuid = Field(None, description="Of the anomaly's story. Empty: all.")
    resolved: Flag = Field(default=False, description="true: only resolved ones; else only open.")
    include_archived: Flag = Field(default=False, description="true: archived ones, too.")


class ResolvedAnomaly(BaseModel):
    """A resolved anomaly."""

    id: UUID
    resolved: Literal[True]
    updated_at: Timestamp = Field(
        description="When it was resolved.", examples=["2026-04-03T08:15:00.000000Z"]
    )


class ResolvedAnomalyBody(BaseModel):
    """The response of PATCH."""

    cost_anomaly: ResolvedAnomaly


@router.get(
    "",
    operation_id="list_cost_anomalies",
    summary="List a tenant's cost anomalies",
    response_model=CostAnomalyPage,
    responses=documented((400, 401, 403, 404, 422, 429, 503)),
)
async def list_anomalies(
    request: Request, caller: Reader, query: Annotated[AnomalyQuery, Query()]
) -> Response:
    """Newest first; the id breaks ties. Role: user, or orchestrator where the operator says so."""
    page = await service_of(request).threads.run(
        partial(_find, tenant_id=caller.tenant_id, query=query)
    )
    return page_response(query, page)


@router.patch(
    "/{anomaly_id}",
    operation_id="resolve_cost_anomaly",
    summary="Resolve a cost anomaly",
    responses=documented((400, 401, 403, 404, 413, 415, 422, 429, 503)),
    openapi_extra={
        "requestBody": {
            "required": False,
            "content": {
                "application/json": {
                    "schema": {
                        "type": "object",
                        "properties": {"resolved": {"const": True}},
                        "additionalProperties": False,
                    },
                    "example": {"resolved": True},
                }
            },
        }
    },
)
async def resolve(
    request: Request,
    caller: UserCaller,
    anomaly_id: Annotated[str, Path(json_schema_extra={"format": "uuid"})],
    _: Annotated[NoQuery, Query()],
) -> ResolvedAnomalyBody:
    """Resolve it for good, with one row in the audit log. Doing it again changes nothing.

    Role: user.
    """
    _check(await read_json(request))
    wanted = parse_uuid(anomaly_id)
    if wanted is None:
        raise refused(404)
    done = await service_of(request).threads.run(
        partial(_resolve, tenant_id=caller.tenant_id, anomaly_id=wanted, actor=caller.actor)
    )
    if done is None:
        raise refused(404)
    anomaly = ResolvedAnomaly(id=done.id, resolved=True, updated_at=done.updated_at)
    return ResolvedAnomalyBody(cost_anomaly=anomaly)


def _find(database: Database, tenant_id: UUID, query: AnomalyQuery) -> Page:
    if query.anomaly_type not in {"", *_TYPES}:
        return Page(total=0, items="[]")
    parameters = {
        "tenant_id": tenant_id,
        "anomaly_type": query.anomaly_type or None,
        "project_id": query.project_id,
        "resolved": query.resolved,
        "include_archived": query.include_archived,
        "offset": query.offset,
        "page_size": query.page_size,
    }
    listing = statement(__package__, "list_anomalies")
    # a generic plan looks up each story: 2 s instead of 0.6 s for 1,000,000 anomalies
    return read_page(database, tenant_id, listing, parameters, prepare=query.project_id is None)


def _resolve(
    database: Database, tenant_id: UUID, anomaly_id: UUID, actor: Actor
) -> Resolution | None:
    with database.tenant_transaction(tenant_id) as connection:
        return resolve_anomaly(connection, tenant_id, anomaly_id, actor)


def _check(body: object) -> None:
    if body is None:
        return
    if not isinstance(body, dict) or not body.keys() <= {"resolved"}:
        raise invalid("body", 'must be empty or {"resolved": true}')
    if body.get("resolved", True) is not True:
        raise invalid("resolved", "must be true: an anomaly cannot be reopened")
