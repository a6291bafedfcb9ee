"""What the statements of a search return. Pure."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from loopctl_pipelines.knowledge.search.ranked.cursor import Place
from loopctl_pipelines.knowledge.search.ranked.rules import Words


@dataclass(frozen=True, slots=True)
class Query:
    """A text as PostgreSQL's text search reads it.

    Attributes:
        words: what its words are asked to do.
        tsquery: as text.
    """

    words: Words
    tsquery: str


@dataclass(frozen=True, slots=True)
class FoundWords:
    """Articles that a query found.

    Attributes:
        query: which query that was.
        total: how many it found.
        ids: of a part of them, the best first.
        ranks: their ranks.
    """

    query: Query
    total: int
    ids: list[UUID]
    ranks: list[float]


@dataclass(frozen=True, slots=True)
class VectorPage:
    """A page of the articles near a vector, perhaps fused with those that a query found.

    Attributes:
        total: how many were ranked.
        near: how many near ones were found.
        comparable: how many could be compared, `NEAREST` + 1 at most; 0 in a fusion.
        items: the page, a JSON array.
    """

    total: int
    near: int
    comparable: int
    items: str


@dataclass(frozen=True, slots=True)
class ListPage:
    """A page of a list.

    Attributes:
        total: articles on all pages.
        items: the page, a JSON array.
    """

    total: int
    items: str


@dataclass(frozen=True, slots=True)
class ListPart:
    """The next articles of a list.

    Attributes:
        total: how many they are.
        last_inserted_at: of the last one; None: there is none.
        last_id: of the last one.
        items: the articles, a JSON array.
    """

    total: int
    last_inserted_at: datetime | None
    last_id: UUID | None
    items: str

    @property
    def last(self) -> Place | None:
        """The place of the last one; None: there is none."""
        if self.last_inserted_at is None or self.last_id is None:
            return None
        return Place(self.last_inserted_at, self.last_id)
