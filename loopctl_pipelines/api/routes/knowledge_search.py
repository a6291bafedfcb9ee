"""`/api/v1/knowledge/search`: finds articles by words and by meaning, as in loopctl's API."""

from functools import partial
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field

from loopctl_pipelines.api.access.authentication import AgentCaller, TenantCaller
from loopctl_pipelines.api.access.knowledge_base import KNOWLEDGE_BASE
from loopctl_pipelines.api.errors import documented, refused
from loopctl_pipelines.api.ranked_search import Ranked, TextSearch
from loopctl_pipelines.api.search_query import SearchQuery
from loopctl_pipelines.api.service import Service, service_of
from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.knowledge.search.ranked import cursor, storage
from loopctl_pipelines.knowledge.search.ranked.pages import ListPage, ListPart
from loopctl_pipelines.knowledge.search.ranked.rules import (
    FallbackReason,
    Filters,
    SearchMode,
    Slice,
    Words,
)

router = APIRouter(
    prefix="/api/v1/knowledge/search", tags=["Knowledge"], dependencies=[KNOWLEDGE_BASE]
)


class FoundArticle(BaseModel):
    """A published article."""

    id: UUID
    title: str = Field(examples=["Retry with a jittered delay"])
    category: str = Field(examples=["pattern"])
    tags: list[str] = Field(examples=[["retry", "jobs"]])
    score: float | None = Field(
        default=None,
        description="Rank of the words, similarity, or the sum of a fusion. Not in a list.",
        examples=[0.016],
    )
    snippet: str | None = Field(
        default=None,
        description="Part of the body, words that were found between `**`. Not in a list.",
        examples=["Wait longer after each failed **job** before the next **retry**"],
    )
    body: str | None = Field(
        default=None,
        description="Only with include_body.",
        examples=["Wait longer after each failed job."],
    )


class SearchMeta(BaseModel):
    """How the page was found. A field that does not apply is left out."""

    total_count: int | None = Field(
        default=None, description="Articles on all pages; not with a cursor.", examples=[3]
    )
    limit: int = Field(examples=[10])
    offset: int | None = Field(default=None, description="Not with a cursor.", examples=[0])
    total_count_scope: (
        Literal["keyword_matches", "ranked_corpus", "merged_candidates", "filtered_set"] | None
    ) = Field(
        default=None,
        description="What total_count counts: all matches; the nearest, at most 1000; the "
        "candidates of both sides, at most 200; all of a list.",
        examples=["merged_candidates"],
    )
    search_mode: Literal[
        "keyword", "semantic_only", "combined", "keyword_only", "list", "list_keyset"
    ] = Field(examples=["combined"])
    pool_capped: bool = Field(
        default=False, description="There are more articles, which no page shows."
    )
    keyword_query: Words | None = Field(
        default=None,
        description="all_words; any_word, because no article has all of them; no_words, because "
        "the text has none but stop words and signs.",
        examples=["all_words"],
    )
    pool_filled: bool | None = Field(
        default=None,
        description="false: not all near articles were found, because the index is shared with "
        "tenants that have very many more.",
        examples=[True],
    )
    not_embedded: int | None = Field(
        default=None,
        description="Published articles of the tenant without a vector of its present model, "
        "counted within the last minute: they are found by their words only.",
        examples=[0],
    )
    fallback: bool | None = Field(
        default=None,
        description="true: the text could not be embedded; found by words.",
        examples=[True],
    )
    fallback_reason: FallbackReason | None = Field(default=None, examples=["circuit_open"])
    next_cursor: str | None = Field(
        default=None,
        description="For the articles after these; left out at the end.",
        examples=["AAY..."],
    )


class SearchPage(BaseModel):
    """Articles: the best first; in a list the last changed, with a cursor the oldest first."""

    data: list[FoundArticle]
    meta: SearchMeta


@router.get(
    "",
    operation_id="search_knowledge",
    summary="Search the knowledge base",
    response_model=SearchPage,
    responses=documented((400, 401, 403, 404, 422, 429, 503)),
)
async def search(
    request: Request, caller: AgentCaller, query: Annotated[SearchQuery, Query()]
) -> Response:
    """Search published articles for a text, or list them by category and tags.

    Where the text cannot be embedded, words are searched, and meta says why. Private articles of
    other agents are not shown to an agent. Role: agent.
    """
    mode = query.check()
    service, filters = service_of(request), query.filters(caller)
    if query.text:
        wanted = query.ranked_slice
        ranked = await service.ranked_search.search(
            mode, TextSearch(caller.tenant_id, query.text, filters, wanted)
        )
        return _response(ranked.items, _meta(mode, ranked, wanted))
    if query.cursor is None:
        return await _listed(service, caller, query, filters)
    return await _listed_after(service, caller, query, filters, query.cursor)


async def _listed(
    service: Service, caller: TenantCaller, query: SearchQuery, filters: Filters
) -> Response:
    wanted = Slice(query.limit, query.offset)
    page = await service.threads.run(
        partial(_list_page, tenant_id=caller.tenant_id, filters=filters, wanted=wanted)
    )
    meta = SearchMeta(
        total_count=page.total,
        limit=wanted.limit,
        offset=wanted.offset,
        total_count_scope="filtered_set",
        search_mode="list",
    )
    return _response(page.items, meta)


async def _listed_after(
    service: Service, caller: TenantCaller, query: SearchQuery, filters: Filters, after: str
) -> Response:
    # shared by all processes that embed. Without it a cursor can be made up, which gains nothing:
    # rows are read in the tenant's transaction, by the same filters
    key = service.settings.cloak_key or b""
    place = cursor.place_of(after, caller.tenant_id, key) if after else None
    if after and place is None:
        raise refused(400, "cursor is not one of this list")
    part = await service.threads.run(
        partial(_list_part, tenant_id=caller.tenant_id, filters=filters, place=place, query=query)
    )
    meta = SearchMeta(limit=query.limit, search_mode="list_keyset")
    if part.last is not None and part.total == query.limit:
        meta.next_cursor = cursor.sign(part.last, caller.tenant_id, key)
    return _response(part.items, meta)


def _meta(mode: SearchMode, ranked: Ranked, wanted: Slice) -> SearchMeta:
    meta = SearchMeta(
        total_count=ranked.total,
        limit=wanted.limit,
        offset=wanted.offset,
        total_count_scope="keyword_matches",
        search_mode="keyword",
        pool_capped=ranked.pool_capped,
        keyword_query=ranked.words,
        pool_filled=ranked.pool_filled,
        not_embedded=ranked.not_embedded,
    )
    if ranked.fallback is not None:
        meta.search_mode, meta.fallback, meta.fallback_reason = (
            "keyword_only",
            True,
            ranked.fallback,
        )
    elif mode is SearchMode.SEMANTIC:
        meta.search_mode, meta.total_count_scope = "semantic_only", "ranked_corpus"
    elif mode is SearchMode.COMBINED:
        meta.search_mode, meta.total_count_scope = "combined", "merged_candidates"
    return meta


def _response(items: str, meta: SearchMeta) -> Response:
    """Return the HTTP response; PostgreSQL's JSON is passed through."""
    body = f'{{"data":{items},"meta":{meta.model_dump_json(exclude_none=True)}}}'
    return Response(body, media_type="application/json")


def _list_page(database: Database, tenant_id: UUID, filters: Filters, wanted: Slice) -> ListPage:
    with database.tenant_transaction(tenant_id) as connection:
        return storage.list_page(connection, tenant_id, filters, wanted)


def _list_part(
    database: Database,
    tenant_id: UUID,
    filters: Filters,
    place: cursor.Place | None,
    query: SearchQuery,
) -> ListPart:
    with database.tenant_transaction(tenant_id) as connection:
        return storage.list_after(
            connection,
            tenant_id,
            filters,
            place,
            query.limit,
            include_body=query.include_body,
        )
