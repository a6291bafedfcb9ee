"""A search for a text: by words, by meaning, or both; without a vector, by words."""

import asyncio
from dataclasses import dataclass
from functools import partial
from uuid import UUID

from loopctl_pipelines.api.database_threads import DatabaseThreads
from loopctl_pipelines.api.searched_vectors import SearchedVectors
from loopctl_pipelines.api.space_counts import CountedSpaces, SpaceCounts
from loopctl_pipelines.api.text_embeddings import TextEmbeddings
from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.knowledge.embedding.work.text_embedding import EmbeddedText
from loopctl_pipelines.knowledge.search.ranked import storage
from loopctl_pipelines.knowledge.search.ranked.index_scan import MOST_COMPARED, IndexScan
from loopctl_pipelines.knowledge.search.ranked.operator_queries import find_words
from loopctl_pipelines.knowledge.search.ranked.pages import FoundWords, VectorPage
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

_CANDIDATES = Slice(CANDIDATES)


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
        self._vectors = SearchedVectors(embeddings)
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
        text, counts, found = await asyncio.gather(
            self._vectors.embed(access, search.text),
            self._counted.of(search.tenant_id),
            self._candidates(words),
        )
        if isinstance(text, ProviderFailure):
            return await self._by_words(search, fallback_reason(text))
        nearest = partial(_nearest, search=search, text=text, found=found, counts=counts)
        near, filled = await self._threads.run(nearest)
        if found is None:
            total, capped = min(near.comparable, NEAREST), near.comparable > NEAREST
        else:
            total = near.total
            capped = found.total > CANDIDATES or near.near >= CANDIDATES
        return Ranked(
            near.items,
            total,
            pool_capped=capped,
            words=None if found is None else found.query.words,
            pool_filled=filled,
            not_embedded=counts.outside(text.space),
        )

    async def _candidates(self, search: TextSearch | None) -> FoundWords | None:
        """Find the words of a fusion while the vector is on its way; None: no fusion."""
        if search is None:
            return None
        return await self._threads.run(partial(_found, search=search, wanted=_CANDIDATES))

    async def _by_words(self, search: TextSearch, fallback: FallbackReason | None = None) -> Ranked:
        found, items = await self._threads.run(partial(_word_page, search=search))
        return Ranked(items, found.total, words=found.query.words, fallback=fallback)


def _found(database: Database, search: TextSearch, wanted: Slice) -> FoundWords:
    return find_words(database, search.tenant_id, search.text, search.filters, wanted)


def _word_page(database: Database, search: TextSearch) -> tuple[FoundWords, str]:
    found = _found(database, search, search.wanted)
    if not found.ids:
        return found, "[]"
    with database.tenant_transaction(search.tenant_id) as connection:
        return found, storage.word_page(connection, search.tenant_id, found, search.filters)


def _nearest(
    database: Database,
    *,
    search: TextSearch,
    text: EmbeddedText,
    found: FoundWords | None,
    counts: SpaceCounts,
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
                found,
                search.filters,
                search.wanted,
                scan=scan,
            )

    scan = counts.scan(text.space)
    near = page(scan)
    wanted = storage.pool_size(search.wanted, fused=found is not None)
    if scan is None or near.near >= wanted:
        return near, True
    if counts.by_space.get(text.space, 0) <= MOST_COMPARED or search.filters.are_narrow:
        return page(None), True
    return near, False
