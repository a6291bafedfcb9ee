"""Health checks. They need no key and count toward no rate limit."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel

from loopctl_pipelines.api.errors import documented
from loopctl_pipelines.api.query_values import NoQuery
from loopctl_pipelines.api.service import service_of
from loopctl_pipelines.database.connection import Database

router = APIRouter(tags=["Health"])


class Health(BaseModel):
    """The process is running."""

    status: Literal["ok"] = "ok"


class Readiness(BaseModel):
    """The API can serve requests."""

    status: Literal["ready"] = "ready"


@router.get(
    "/health",
    operation_id="health",
    summary="Is the process alive?",
    responses=documented((422,)),
)
async def health(_: Annotated[NoQuery, Query()]) -> Health:
    """Answer without the database: restarting the process would not repair it."""
    return Health()


@router.get(
    "/ready",
    operation_id="ready",
    summary="Can requests be served?",
    responses=documented((422, 503)),
)
async def ready(request: Request, _: Annotated[NoQuery, Query()]) -> Readiness:
    """Check the database; while it does not answer, requests should go elsewhere."""
    await service_of(request).threads.run(_ask)
    return Readiness()


def _ask(database: Database) -> None:
    with database.operator_transaction():
        pass
