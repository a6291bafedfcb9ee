"""Recall and reciprocal rank of known-item queries, by kind and mode. Pure.

All numbers are of 100: a point is one query in a hundred.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Self

from retrieval_quality.known_items import Kind

DEPTH: Final = 10
"""Articles of an answer that count; one further down was not found."""

MODES: Final = ("keyword", "semantic", "combined")
"""As the route names them."""

OVERALL: Final = "all"


@dataclass(frozen=True, slots=True)
class Figures:
    """How good the answers are.

    Attributes:
        recall: queries whose article is among the first ten.
        mrr: mean of 1/place of that article, 0 where it was not found.
    """

    recall: float
    mrr: float

    @classmethod
    def of(cls, places: Sequence[int | None]) -> Self:
        """Return the figures of at least one query: the place of its article, 1 to 10, or None."""
        found = [place for place in places if place is not None]
        reciprocal = sum(1 / place for place in found)
        return cls(100 * len(found) / len(places), 100 * reciprocal / len(places))

    @classmethod
    def mean(cls, figures: Sequence[Self]) -> Self:
        """Return the mean of at least one."""
        return cls(
            sum(each.recall for each in figures) / len(figures),
            sum(each.mrr for each in figures) / len(figures),
        )

    def rounded(self) -> Self:
        """Return them with one digit after the point, as they are kept."""
        return type(self)(round(self.recall, 1), round(self.mrr, 1))


Report = Mapping[str, Mapping[str, Figures]]
"""By kind, then `all`; of each, by mode."""


def report(places: Mapping[str, Mapping[Kind, Sequence[int | None]]]) -> Report:
    """Return the figures of each mode's places.

    `all` is the mean of the kinds: each counts the same, whatever the number of its queries.
    """
    of_kind = {
        kind.value: {mode: Figures.of(places[mode][kind]) for mode in MODES} for kind in Kind
    }
    overall = {mode: Figures.mean([of[mode] for of in of_kind.values()]) for mode in MODES}
    return {
        kind: {mode: figures.rounded() for mode, figures in of.items()}
        for kind, of in (of_kind | {OVERALL: overall}).items()
    }
