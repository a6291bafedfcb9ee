"""A search for a text: by words, by meaning, or both; without a vector, by words."""

import asyncio
from dataclasses import dataclass
from functools import partial
from uuid import UUID

from loopctl_pipelines.api.database_threads import DatabaseThreads
from loopctl_pipelines.api.space_counts import CountedSpaces, SpaceCounts
from loopctl_pipelines.api.text_embeddings import TextEmbeddings
from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.knowledge.embedding.work.text_embedding import EmbeddedText
from loopctl_pipelines.knowledge.search.ranked import storage
from loopctl_pipelines.knowledge.search.ranked.index_scan import MOST_COMPARED, IndexScan
from loopctl_pipelines.knowledge.search.ranked.pages import Query, VectorPage, WordPage
from loopctl_pipelines.knowledge.search.ranked.rules import (
    CANDIDATES,
    NEAREST,
    FallbackReason,
    Filters,
    SearchMode,
    Slice,
    Words,
    fallback_reason,
)
from loopctl_pipelines.llm.failures import ProviderFailure

_NO_ITEMS = Slice(limit=0)


@dataclass(frozen=True, slots=True)
class TextSearch:
    """What is searched for.

    Attributes:
        tenant_id: whose articles are searched, and who pays for the vector of the text.
        text: see `rules.searchable_text`; not empty.
        filters: which articles are searched.
        wanted: the page.
    """

    tenant_id: UUID
    text: str
    filters: Filters
    wanted: Slice


@dataclass(frozen=True, slots=True)
class Ranked:
    """A page of the result.

    Attributes:
        items: a JSON array.
        total: articles on all pages.
        pool_capped: there are more that no page shows.
        words: what the words of the text were asked to do; None: they were not asked.
        fallback: why the result is of words only; None: it is of the mode.
        pool_filled: all near articles were found; None: none were searched.
        not_embedded: published articles of the tenant that could not be compared; None: likewise.
    """

    items: str
    total: int
    pool_capped: bool = False
    words: Words | None = None
    fallback: FallbackReason | None = None
    pool_filled: bool | None = None
    not_embedded: int | None = None


class RankedSearch:
    """Searches for all requests."""

    def __init__(
        self, threads: DatabaseThreads, embeddings: TextEmbeddings, counted: CountedSpaces
    ) -> None:
        """Take the ways to the database and to the provider."""
        self._threads = threads
        self._embeddings = embeddings
        self._counted = counted

    async def search(self, mode: SearchMode, search: TextSearch) -> Ranked:
        """Return a page of what is found.

        Raises:
            RequestRefusedError: 503, if the database has no free thread in time.
            psycopg.Error: if the database fails.
            DatabaseUnreachableError: if it cannot be reached.
        """
        if mode is SearchMode.KEYWORD:
            return await self._by_words(search)
        access = await self._embeddings.access(search.tenant_id)
        if isinstance(access, ProviderFailure):
            return await self._by_words(search, fallback_reason(access))
        words = search if mode is SearchMode.COMBINED else None
        text, counts, (query, word_page) = await asyncio.gather(
            self._embeddings.send(access, search.text, "search"),
            self._counted.of(search.tenant_id),
            self._candidates(words),
        )
        if isinstance(text, ProviderFailure):
            return await self._by_words(search, fallback_reason(text))
        nearest = partial(_nearest, search=search, text=text, query=query, counts=counts)
        if word_page is None:
            near, filled = await self._threads.run(partial(nearest, word_ids=None))
            total, capped = min(near.comparable, NEAREST), near.comparable > NEAREST
        else:
            near, filled = await self._threads.run(partial(nearest, word_ids=word_page.ids))
            total = near.total
            capped = word_page.total > CANDIDATES or near.near >= CANDIDATES
        return Ranked(
            near.items,
            total,
            pool_capped=capped,
            words=None if word_page is None else query.words,
            pool_filled=filled,
            not_embedded=counts.outside(text.space),
        )

    async def _candidates(self, search: TextSearch | None) -> tuple[Query, WordPage | None]:
        """Search the words of a fusion while the vector is on its way; None: no fusion."""
        if search is None:
            return Query(Words.NONE, ""), None
        return await self._threads.run(partial(_words, search=search, wanted=_NO_ITEMS))

    async def _by_words(self, search: TextSearch, fallback: FallbackReason | None = None) -> Ranked:
        query, page = await self._threads.run(partial(_words, search=search, wanted=search.wanted))
        return Ranked(page.items, page.total, words=query.words, fallback=fallback)


def _words(database: Database, search: TextSearch, wanted: Slice) -> tuple[Query, WordPage]:
    with database.tenant_transaction(search.tenant_id) as connection:
        return storage.search_words(
            connection, search.tenant_id, search.text, search.filters, wanted
        )


def _nearest(  # noqa: PLR0913 - the search
    database: Database,
    *,
    search: TextSearch,
    text: EmbeddedText,
    query: Query,
    counts: SpaceCounts,
    word_ids: list[UUID] | None,
) -> tuple[VectorPage, bool]:
    """Return the page, and whether all near articles were found.

    The index knows no tenant: where it gives too few of the tenant's, all are compared, if they are
    not too many.
    """

    def page(scan: IndexScan | None) -> VectorPage:
        with database.tenant_transaction(search.tenant_id) as connection:
            return storage.search_vector(
                connection,
                search.tenant_id,
                text,
                query,
                search.filters,
                search.wanted,
                word_ids=word_ids,
                scan=scan,
            )

    scan = counts.scan(text.space)
    found = page(scan)
    wanted = storage.pool_size(search.wanted, fused=word_ids is not None)
    if scan is None or found.near >= wanted:
        return found, True
    if counts.by_space.get(text.space, 0) <= MOST_COMPARED or search.filters.are_narrow:
        return page(None), True
    return found, False
