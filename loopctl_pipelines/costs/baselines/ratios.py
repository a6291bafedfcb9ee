"""Ratios of costs to baselines, counted in bins of their logarithm. Pure.

Counts of a day are small, add up to those of many days, and hold no story.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Self

BIN_WIDTH: Final = 0.05
"""Width of a bin of natural logarithms: 5 %. Within a bin, values count as evenly spread."""

SPREADS: Final = tuple(1 + n / 10 for n in range(31))
"""At which distances from the median a tail is counted, in spreads."""

_UPPER: Final = 0.84
"""The share of normally distributed values below one standard deviation above the median."""


@dataclass(frozen=True, slots=True)
class Bins:
    """Numbers of stories by bin; bin b holds the logarithms from b to below b + 1 bin widths."""

    counts: dict[int, int]

    @classmethod
    def of(cls, bins: Iterable[int], stories: Iterable[int]) -> Self:
        """Build them from two arrays; a bin may occur more than once."""
        counts: Counter[int] = Counter()
        for place, number in zip(bins, stories, strict=True):
            counts[place] += number
        return cls(dict(sorted(counts.items())))

    @property
    def stories(self) -> int:
        """How many stories there are."""
        return sum(self.counts.values())

    def mirrored(self) -> "Bins":
        """Return the bins of the negated logarithms."""
        return Bins({-place - 1: number for place, number in reversed(self.counts.items())})

    def quantile(self, share: float) -> float:
        """Return the logarithm below which this share of the stories lies; 0 without stories."""
        left = share * self.stories
        for place, number in self.counts.items():
            if left <= number:
                return (place + left / number) * BIN_WIDTH
            left -= number
        return 0.0

    def above(self, logarithm: float) -> float:
        """Return how many stories lie above, of one bin in part."""
        place = logarithm / BIN_WIDTH
        return sum(
            number * min(1.0, max(0.0, at + 1 - place)) for at, number in self.counts.items()
        )


@dataclass(frozen=True, slots=True)
class Tail:
    """How far the upper ratios of a tenant's stories lie from the median, in spreads.

    Ratios beyond the last of SPREADS are left out: past outliers must not hide the next ones.

    Attributes:
        stories: those that are not left out.
        median: logarithm of the median ratio.
        spread: how far the 84 % quantile lies above it.
        above: for each of SPREADS, how many of the stories lie further above.
    """

    stories: float
    median: float
    spread: float
    above: Sequence[float]

    @classmethod
    def of(cls, bins: Bins) -> Self:
        """Measure the upper tail; mirror the bins for the lower one."""
        median = bins.quantile(0.5)
        spread = bins.quantile(_UPPER) - median
        beyond = [bins.above(median + distance * spread) for distance in SPREADS]
        return cls(
            stories=bins.stories - beyond[-1],
            median=median,
            spread=spread,
            above=[number - beyond[-1] for number in beyond],
        )

    def as_json(self) -> dict[str, Any]:
        """Return the form in which it is kept."""
        return {
            "stories": self.stories,
            "median": self.median,
            "spread": self.spread,
            "above": self.above,
        }
