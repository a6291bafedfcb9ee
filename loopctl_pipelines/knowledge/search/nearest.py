"""Finds the nearest articles of articles: exactly where that costs little, else in the index."""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from itertools import groupby
from typing import Final
from uuid import UUID

import numpy as np
from psycopg.rows import class_row

from loopctl_pipelines.database.connection import TenantConnection
from loopctl_pipelines.database.statements import statement
from loopctl_pipelines.knowledge.embedding.texts.articles import VectorSpace
from loopctl_pipelines.knowledge.search.articles import (
    ComparableArticle,
    Method,
    NearestArticles,
    Neighbour,
)
from loopctl_pipelines.knowledge.search.exact import (
    NO_PROJECT,
    Matrix,
    NearestSoFar,
    Numbers,
    unit_vectors,
)
from loopctl_pipelines.knowledge.search.index_search import begin_index_search, nearest_in_index
from loopctl_pipelines.knowledge.search.transactions import TenantTransactions

EXACT_ARTICLES: Final = 20_000
"""An article is compared with at most so many others exactly, whatever the index could do."""

_ROWS_PER_INDEX_SEARCH: Final = 2_000
# memory: 50 MB of vectors that are compared with 6 MB at a time, and 33 MB of similarities
_COMPARED = 8_192
_BLOCK = 1_024
# a transaction of index searches takes about a second
_SEARCHED = 10


def method_for(searched: int, candidates: int, *, has_iterative_scan: bool) -> Method:
    """Return how to search the neighbours of `searched` articles among `candidates`.

    Comparing with every article reads each vector once, whatever the number of searched articles.
    A search in the index takes as long as reading about 2,000 vectors.
    """
    most = max(EXACT_ARTICLES, searched * _ROWS_PER_INDEX_SEARCH)
    return Method.APPROXIMATE if has_iterative_scan and candidates > most else Method.EXACT


class NearestSearch:
    """Searches the nearest articles among those of one tenant."""

    def __init__(
        self,
        transactions: TenantTransactions,
        *,
        has_iterative_scan: bool,
        limit: int,
        least: float,
    ) -> None:
        """Configure the search.

        Args:
            transactions: the tenant's.
            has_iterative_scan: pgvector's index can be searched for one tenant's articles.
            limit: how many neighbours an article may have.
            least: neighbours that are less similar do not count.
        """
        self._transactions = transactions
        self._has_iterative_scan = has_iterative_scan
        self._limit = limit
        self._least = least

    def nearest(self, articles: Sequence[ComparableArticle]) -> NearestArticles:
        """Return the nearest articles of each: of its space, its project and the whole tenant."""
        result = NearestArticles()
        by_space = sorted(articles, key=lambda a: (a.model, a.dimension, a.id))
        for space, group in groupby(by_space, key=lambda article: article.space):
            self._search_space(space, list(group), result)
        return result

    def _search_space(
        self, space: VectorSpace, articles: list[ComparableArticle], result: NearestArticles
    ) -> None:
        sizes = self._transactions.run(lambda c: _sizes(c, self._transactions.tenant_id, space))
        candidates = min(_candidates(sizes, article.project_id) for article in articles)
        method = method_for(len(articles), candidates, has_iterative_scan=self._has_iterative_scan)
        if method is Method.APPROXIMATE:
            result.approximate += len(articles)
            articles = list(self._search_index(space, articles, candidates, result.neighbours))
            result.repeated += len(articles)
        if articles:
            result.exact += len(articles)
            self._compare_all(space, articles, result.neighbours)

    def _search_index(
        self,
        space: VectorSpace,
        articles: Sequence[ComparableArticle],
        candidates: int,
        neighbours: dict[UUID, list[Neighbour]],
    ) -> Iterator[ComparableArticle]:
        """Search in the index; yield the articles for which it found too few."""

        def search(connection: TenantConnection, ids: list[UUID]) -> dict[UUID, list[Neighbour]]:
            begin_index_search(connection, candidates)
            tenant = self._transactions.tenant_id
            return nearest_in_index(connection, tenant, ids, space, self._limit)

        for start in range(0, len(articles), _SEARCHED):
            part = articles[start : start + _SEARCHED]
            ids = [article.id for article in part]
            found = self._transactions.run(partial(search, ids=ids))
            for article in part:
                if article.id in found:
                    neighbours[article.id] = [
                        near for near in found[article.id] if near.similarity >= self._least
                    ]
                else:
                    yield article

    def _compare_all(
        self,
        space: VectorSpace,
        articles: Sequence[ComparableArticle],
        neighbours: dict[UUID, list[Neighbour]],
    ) -> None:
        """Compare the articles with every one of their space."""
        others = self._transactions.run(lambda c: _read_all(c, self._transactions.tenant_id, space))
        ids = [other.id for other in others]
        place_of = {other_id: place for place, other_id in enumerate(ids)}
        numbers: dict[UUID | None, int] = {None: NO_PROJECT}
        projects = np.array(
            [numbers.setdefault(other.project_id, len(numbers)) for other in others], dtype=np.int64
        )
        searched = np.array([place_of[a.id] for a in articles if a.id in place_of], dtype=np.int64)
        for start in range(0, len(searched), _COMPARED):
            places, vectors = self._vectors(ids, searched[start : start + _COMPARED])
            nearest = NearestSoFar(
                vectors, places, projects[places], limit=self._limit, least=self._least
            )
            for first in range(0, len(ids), _BLOCK):
                wanted = np.arange(first, min(first + _BLOCK, len(ids)))
                theirs, block = self._vectors(ids, wanted)
                if len(theirs):
                    nearest.compare(block, theirs, projects[theirs])
            searched_ids = [ids[place] for place in places]
            neighbours.update(zip(searched_ids, nearest.of_rows(ids), strict=True))

    def _vectors(self, ids: Sequence[UUID], places: Numbers) -> tuple[Numbers, Matrix]:
        """Return the places whose articles still have a vector, and the vectors, of length 1."""
        wanted = {ids[place]: place for place in places.tolist()}
        sent = self._transactions.run(
            lambda c: _read_vectors(c, self._transactions.tenant_id, list(wanted))
        )
        sent = {article_id: sent[article_id] for article_id in wanted if article_id in sent}
        kept = np.array([wanted[article_id] for article_id in sent], dtype=np.int64)
        numbers = np.frombuffer(b"".join(sent.values()), dtype=">f4")
        # the four bytes ahead of each vector are read as one more number and left out
        rows = numbers.reshape(len(kept), -1)[:, 1:] if len(kept) else numbers.reshape(0, 1)
        return kept, unit_vectors(rows.astype(np.float32))


def _sizes(
    connection: TenantConnection, tenant_id: UUID, space: VectorSpace
) -> dict[UUID | None, int]:
    query = statement(__package__, "count_candidates")
    return dict(connection.execute(query, _of_space(tenant_id, space)).fetchall())


def _candidates(sizes: Mapping[UUID | None, int], project_id: UUID | None) -> int:
    """Return how many articles one of this project may be a neighbour of, itself included."""
    if project_id is None:
        return sum(sizes.values())
    return sizes.get(None, 0) + sizes.get(project_id, 0)


def _read_all(
    connection: TenantConnection, tenant_id: UUID, space: VectorSpace
) -> list[ComparableArticle]:
    cursor = connection.cursor(row_factory=class_row(ComparableArticle))
    query = statement(__package__, "comparable_articles")
    return cursor.execute(query, _of_space(tenant_id, space)).fetchall()


def _read_vectors(
    connection: TenantConnection, tenant_id: UUID, article_ids: list[UUID]
) -> dict[UUID, bytes]:
    parameters = {"tenant_id": tenant_id, "article_ids": article_ids}
    cursor = connection.cursor(binary=True)
    return dict(cursor.execute(statement(__package__, "read_vectors"), parameters).fetchall())


def _of_space(tenant_id: UUID, space: VectorSpace) -> dict[str, object]:
    return {"tenant_id": tenant_id, "model": space.model, "dimension": space.dimension}
