"""What the gate decides, from the similarity of the nearest article. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from uuid import UUID

DUPLICATE_SIMILARITY: Final = 0.97
LOW_NOVELTY_SIMILARITY: Final = 0.88


class Verdict(StrEnum):
    """How new a proposed article is."""

    NOVEL = "novel"
    LOW_NOVELTY = "low_novelty"
    DUPLICATE = "duplicate"
    UNKNOWN = "unknown"
    """The gate fell open: its vector could not be had."""


@dataclass(frozen=True, slots=True)
class GateThresholds:
    """From which similarity on an article is near to another; 1 - cosine distance.

    Attributes:
        duplicate: nothing new is created.
        low_novelty: it is created as a draft.
    """

    duplicate: float = DUPLICATE_SIMILARITY
    low_novelty: float = LOW_NOVELTY_SIMILARITY

    def verdict(self, similarity: float | None) -> Verdict:
        """Return the verdict on an article; None: there is none to compare it with."""
        if similarity is None or similarity < self.low_novelty:
            return Verdict.NOVEL
        return Verdict.DUPLICATE if similarity >= self.duplicate else Verdict.LOW_NOVELTY


@dataclass(frozen=True, slots=True)
class SimilarArticle:
    """A published article that is near to a proposed one.

    Attributes:
        id: the article.
        project_id: its project; None: it is the whole tenant's.
        title: its title.
        similarity: from 0 to 1, rounded to 6 decimals.
    """

    id: UUID
    project_id: UUID | None
    title: str
    similarity: float


def proposal_novelty(verdict: Verdict, nearest: Sequence[SimilarArticle]) -> dict[str, object]:
    """Return what the metadata of an article say that is near to another; loopctl's form."""
    return {
        "verdict": verdict.value,
        "score": nearest[0].similarity,
        "nearest": [
            {"id": str(near.id), "title": near.title, "score": near.similarity} for near in nearest
        ],
    }
