"""Exact nearest neighbours by cosine, from matrix products of blocks. Pure."""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from uuid import UUID

import numpy as np
import numpy.typing as npt

from loopctl_pipelines.knowledge.search.articles import SIMILARITY_DIGITS, Neighbour

Matrix = npt.NDArray[np.float32]
Numbers = npt.NDArray[np.int64]
Similarities = npt.NDArray[np.float64]

NO_PROJECT = 0
"""The number of the project of an article that is the whole tenant's."""

_ROUNDING = 10.0**-SIMILARITY_DIGITS


class NearestSoFar:
    """The nearest of the articles that some articles were compared with so far."""

    def __init__(
        self, vectors: Matrix, places: Numbers, projects: Numbers, *, limit: int, least: float
    ) -> None:
        """Take the articles whose neighbours are searched.

        Args:
            vectors: of length 1, a row for each article.
            places: the articles' places in the order of all articles; none is its own neighbour.
            projects: the numbers of their projects.
            limit: how many neighbours each may have.
            least: neighbours that are less similar do not count.
        """
        self._vectors, self._places, self._projects = vectors, places, projects
        self._limit = limit
        # what a neighbour has to exceed: the threshold first, then the last of enough neighbours
        self._bars = np.full((len(vectors), 1), least, dtype=np.float64)
        self._least = least
        self._rows: Numbers = np.empty(0, dtype=np.int64)
        self._found: Numbers = np.empty(0, dtype=np.int64)
        self._similarities: Similarities = np.empty(0, dtype=np.float64)

    def compare(self, block: Matrix, places: Numbers, projects: Numbers) -> None:
        """Compare all with a block of articles, which come in the order of their places."""
        similar = self._vectors @ block.T
        rows, columns = np.nonzero(similar >= (self._bars - _ROUNDING).astype(np.float32))
        exact: Similarities = similar[rows, columns].astype(np.float64)
        similarities: Similarities = exact.round(SIMILARITY_DIGITS)
        found, theirs, own = places[columns], projects[columns], self._projects[rows]
        fits = similarities >= self._least
        fits &= found != self._places[rows]
        fits &= (own == theirs) | (own == NO_PROJECT) | (theirs == NO_PROJECT)
        self._add(rows[fits], found[fits], similarities[fits])

    def of_rows(self, ids: Sequence[UUID]) -> Iterator[list[Neighbour]]:
        """Yield the neighbours of each article, the nearest first; `ids` are in order of places."""
        ends = np.searchsorted(self._rows, np.arange(len(self._vectors) + 1))
        for first, end in pairwise(ends.tolist()):
            yield [
                Neighbour(ids[place], similarity)
                for place, similarity in zip(
                    self._found[first:end].tolist(),
                    self._similarities[first:end].tolist(),
                    strict=True,
                )
            ]

    def _add(self, rows: Numbers, found: Numbers, similarities: Similarities) -> None:
        rows = np.concatenate([self._rows, rows])
        found = np.concatenate([self._found, found])
        similarities = np.concatenate([self._similarities, similarities])
        order = np.lexsort((found, -similarities, rows))
        rows, found, similarities = rows[order], found[order], similarities[order]
        rank = np.arange(len(rows)) - np.searchsorted(rows, rows)
        kept = rank < self._limit
        last = rank == self._limit - 1
        self._bars[rows[last], 0] = similarities[last]
        self._rows, self._found, self._similarities = rows[kept], found[kept], similarities[kept]


def unit_vectors(vectors: Matrix) -> Matrix:
    """Return the rows scaled to length 1; a row of zeros stays, and is similar to nothing."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    lengths[lengths == 0] = 1
    scaled: Matrix = (vectors / lengths).astype(np.float32, copy=False)
    return scaled
