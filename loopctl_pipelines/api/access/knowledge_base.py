"""Answers 503 on the routes of the knowledge base where the database has none."""

from typing import Annotated, Final

from fastapi import Depends, Request

from loopctl_pipelines.api.access.authentication import Caller, authenticate
from loopctl_pipelines.api.errors import RequestRefusedError
from loopctl_pipelines.api.service import service_of
from loopctl_pipelines.database.vectors import find_no_vectors_sentence

_RETRY_SECONDS: Final = 600


async def _knowledge_base(request: Request, _: Annotated[Caller, Depends(authenticate)]) -> None:
    """Look for the knowledge base until it is found: an upgrade may create it meanwhile.

    Raises:
        RequestRefusedError: 503, if there is none.
    """
    service = service_of(request)
    if service.seen.knowledge_base:
        return
    if await service.threads.run(find_no_vectors_sentence) is not None:
        raise RequestRefusedError(
            503,
            "This installation has no knowledge base: pgvector is not installed on its server.",
            code="no_knowledge_base",
            headers={"retry-after": str(_RETRY_SECONDS)},
        )
    service.seen.knowledge_base = True


KNOWLEDGE_BASE: Final = Depends(_knowledge_base)
"""Of the routers whose routes need it."""
