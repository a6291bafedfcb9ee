"""`/api/v1/articles`: lists and shows a tenant's articles, as in loopctl's API."""

from functools import partial
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from loopctl_pipelines.api.access.authentication import (
    AgentCaller,
)
from loopctl_pipelines.api.access.knowledge_base import KNOWLEDGE_BASE
from loopctl_pipelines.api.article_answers import (
    ArticlePage,
    ArticleQuery,
    PathId,
    ShownArticleBody,
    article_response,
    path_uuid,
    viewer_of,
)
from loopctl_pipelines.api.errors import documented, refused
from loopctl_pipelines.api.query_values import NoQuery
from loopctl_pipelines.api.service import service_of
from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.knowledge.articles.reading import (
    ArticleFilters,
    ArticleList,
    ShownArticle,
    list_articles,
    read_article,
)
from loopctl_pipelines.knowledge.articles.visibility import Viewer

router = APIRouter(prefix="/api/v1/articles", tags=["Articles"], dependencies=[KNOWLEDGE_BASE])

_MOST_BODY_BYTES: Final = 5_000_000
_ERRORS: Final = (400, 401, 403, 404, 422, 429, 503)


@router.get(
    "",
    operation_id="list_articles",
    summary="List a tenant's articles",
    response_model=ArticlePage,
    responses=documented(_ERRORS),
)
async def list_all(
    request: Request, caller: AgentCaller, query: Annotated[ArticleQuery, Query()]
) -> Response:
    """All states, newest first; the id breaks ties. Role: agent.

    With bodies, a page ends before its bodies have more than 5,000,000 bytes together.
    """
    found = await service_of(request).threads.run(
        partial(
            _list,
            tenant_id=caller.tenant_id,
            filters=query.filters,
            viewer=viewer_of(caller),
            query=query,
        )
    )
    return query.response(found)


@router.get(
    "/{article_id}",
    operation_id="show_article",
    summary="Show an article with its links",
    response_model=ShownArticleBody,
    responses=documented(_ERRORS),
)
async def show(
    request: Request, caller: AgentCaller, article_id: PathId, _: Annotated[NoQuery, Query()]
) -> Response:
    """With its links and open conflicts; the header `etag` is its version. Role: agent."""
    found = await service_of(request).threads.run(
        partial(
            _show,
            tenant_id=caller.tenant_id,
            article_id=path_uuid(article_id),
            viewer=viewer_of(caller),
        )
    )
    if found is None:
        raise refused(404)
    return article_response(found)


def _show(
    database: Database, tenant_id: UUID, article_id: UUID, viewer: Viewer
) -> ShownArticle | None:
    with database.tenant_transaction(tenant_id) as connection:
        return read_article(connection, tenant_id, article_id, viewer, with_links=True)


def _list(
    database: Database,
    tenant_id: UUID,
    filters: ArticleFilters,
    viewer: Viewer,
    query: ArticleQuery,
) -> ArticleList:
    with database.tenant_transaction(tenant_id) as connection:
        return list_articles(
            connection,
            tenant_id,
            filters,
            viewer,
            limit=query.limit,
            offset=query.offset,
            most_body_bytes=_MOST_BODY_BYTES if query.include_body else None,
        )
