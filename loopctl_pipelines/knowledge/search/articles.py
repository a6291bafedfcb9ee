"""Articles that are compared, and what a search for the nearest of them finds. Pure."""

from dataclasses import dataclass, field
from enum import Enum
from typing import Final
from uuid import UUID

from loopctl_pipelines.knowledge.embedding.texts.articles import VectorSpace

SIMILARITY_DIGITS: Final = 6
"""Decimals of a similarity: the float32 numbers of a vector do not carry more."""


class Method(Enum):
    """How the nearest articles were searched."""

    EXACT = "exact"
    APPROXIMATE = "approximate"


@dataclass(frozen=True, slots=True)
class ComparableArticle:
    """A published article with a vector.

    Attributes:
        id: the article.
        project_id: its project; None: the article is the whole tenant's.
        content_hash: of the text that the vector was made from.
        model: the model of the vector.
        dimension: the dimension of the vector.
    """

    id: UUID
    project_id: UUID | None
    content_hash: str
    model: str
    dimension: int

    @property
    def space(self) -> VectorSpace:
        """Model and dimension; articles of two spaces are never compared."""
        return VectorSpace(self.model, self.dimension)


@dataclass(frozen=True, slots=True)
class Neighbour:
    """One of the nearest articles of another.

    Attributes:
        id: the neighbour.
        similarity: 1 - cosine distance, rounded to `SIMILARITY_DIGITS`.
    """

    id: UUID
    similarity: float


@dataclass(slots=True)
class NearestArticles:
    """The nearest articles of some articles.

    Attributes:
        neighbours: of each article, the nearest first; equally near ones by id.
        exact: how many articles were compared with every other one.
        approximate: how many were searched in the index.
        repeated: how many of the exact searches repeat an approximate one that found too few.
    """

    neighbours: dict[UUID, list[Neighbour]] = field(default_factory=dict)
    exact: int = 0
    approximate: int = 0
    repeated: int = 0
