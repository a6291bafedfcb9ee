"""`/api/v1/articles`: changes a tenant's articles, as in loopctl's API."""

from collections.abc import Callable
from functools import partial
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Header, Query, Request, Response

from loopctl_pipelines.api.access.authentication import (
    OrchestratorCaller,
    TenantCaller,
    UserCaller,
)
from loopctl_pipelines.api.access.knowledge_base import KNOWLEDGE_BASE
from loopctl_pipelines.api.article_answers import (
    ArticleBody,
    PathId,
    article_response,
    path_uuid,
    refusal_of,
    viewer_of,
)
from loopctl_pipelines.api.errors import documented, refused
from loopctl_pipelines.api.query_values import NoQuery
from loopctl_pipelines.api.request_bodies import json_body, read_body
from loopctl_pipelines.api.service import service_of
from loopctl_pipelines.database.connection import Database, TenantConnection
from loopctl_pipelines.knowledge.articles.article_fields import ArticleChanges
from loopctl_pipelines.knowledge.articles.changing import (
    StoredArticle,
    change_article,
    lock_article,
    set_status,
)
from loopctl_pipelines.knowledge.articles.errors import ArticleRefusedError
from loopctl_pipelines.knowledge.articles.reading import (
    ShownArticle,
    read_article,
)
from loopctl_pipelines.knowledge.articles.transitions import ArticleStatus
from loopctl_pipelines.knowledge.articles.visibility import Viewer

router = APIRouter(prefix="/api/v1/articles", tags=["Articles"], dependencies=[KNOWLEDGE_BASE])

MOST_ARTICLE_BYTES: Final = 4 * 2**20
"""Of a request: a body of 500,000 bytes may take six times as many in JSON."""

_ERRORS: Final = (400, 401, 403, 404, 422, 429, 503)
_EXAMPLE: Final = {"title": "Retry with jitter", "tags": ["retries"]}
Change = Callable[[TenantConnection, StoredArticle], None]


@router.patch(
    "/{article_id}",
    operation_id="update_article",
    summary="Change an article",
    response_model=ArticleBody,
    responses=documented((*_ERRORS, 412, 413, 415)),
    openapi_extra=json_body(ArticleChanges, _EXAMPLE),
)
async def update(
    request: Request,
    caller: UserCaller,
    article_id: PathId,
    _: Annotated[NoQuery, Query()],
    if_match: Annotated[
        str | None,
        Header(description="The version to change, from `etag`; another one answers 412."),
    ] = None,
) -> Response:
    """Null changes nothing. Without `if-match`, any version is changed. Role: user."""
    wanted = path_uuid(article_id)
    changes = await read_body(request, ArticleChanges, MOST_ARTICLE_BYTES)
    version = None if if_match in {None, "*"} else (if_match or "").strip('"')

    def change(connection: TenantConnection, stored: StoredArticle) -> None:
        change_article(connection, caller.tenant_id, stored, changes, caller.actor, version=version)

    return await _changed(request, caller, wanted, change)


@router.post(
    "/{article_id}/publish",
    operation_id="publish_article",
    summary="Publish a draft",
    response_model=ArticleBody,
    responses=documented(_ERRORS),
)
async def publish(
    request: Request,
    caller: OrchestratorCaller,
    article_id: PathId,
    _: Annotated[NoQuery, Query()],
) -> Response:
    """It is embedded next. Role: orchestrator."""
    change = _to(ArticleStatus.PUBLISHED, caller)
    return await _changed(request, caller, path_uuid(article_id), change)


@router.post(
    "/{article_id}/unpublish",
    operation_id="unpublish_article",
    summary="Turn a published or superseded article into a draft",
    response_model=ArticleBody,
    responses=documented(_ERRORS),
)
async def unpublish(
    request: Request, caller: UserCaller, article_id: PathId, _: Annotated[NoQuery, Query()]
) -> Response:
    """Its vector is kept. Role: user."""
    change = _to(ArticleStatus.DRAFT, caller)
    return await _changed(request, caller, path_uuid(article_id), change)


@router.post(
    "/{article_id}/archive",
    operation_id="archive_article",
    summary="Archive a draft or a published article",
    response_model=ArticleBody,
    responses=documented(_ERRORS),
)
async def archive(
    request: Request, caller: UserCaller, article_id: PathId, _: Annotated[NoQuery, Query()]
) -> Response:
    """Its title is free again. Role: user."""
    change = _to(ArticleStatus.ARCHIVED, caller)
    return await _changed(request, caller, path_uuid(article_id), change)


@router.delete(
    "/{article_id}",
    operation_id="delete_article",
    summary="Archive an article, whatever its state",
    response_model=ArticleBody,
    responses=documented(_ERRORS),
)
async def delete(
    request: Request, caller: UserCaller, article_id: PathId, _: Annotated[NoQuery, Query()]
) -> Response:
    """No row is deleted; doing it again changes nothing. Role: user."""
    change = _to(ArticleStatus.ARCHIVED, caller, from_any=True)
    return await _changed(request, caller, path_uuid(article_id), change)


def _to(status: ArticleStatus, caller: TenantCaller, *, from_any: bool = False) -> Change:
    def change(connection: TenantConnection, stored: StoredArticle) -> None:
        set_status(connection, caller.tenant_id, stored, status, caller.actor, from_any=from_any)

    return change


async def _changed(
    request: Request, caller: TenantCaller, article_id: UUID, change: Change
) -> Response:
    work = partial(
        _change,
        tenant_id=caller.tenant_id,
        article_id=article_id,
        viewer=viewer_of(caller),
        change=change,
    )
    try:
        found = await service_of(request).threads.run(work)
    except ArticleRefusedError as error:
        refusal = refusal_of(error)
        raise refusal from None
    if found is None:
        raise refused(404)
    return article_response(found)


def _change(
    database: Database, tenant_id: UUID, article_id: UUID, viewer: Viewer, change: Change
) -> ShownArticle | None:
    with database.tenant_transaction(tenant_id) as connection:
        stored = lock_article(connection, tenant_id, article_id)
        if stored is None:
            return None
        change(connection, stored)
        return read_article(connection, tenant_id, article_id, viewer)
