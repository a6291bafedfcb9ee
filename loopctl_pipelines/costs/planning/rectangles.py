"""Covers partitions with rectangles: a range of days by a contiguous range of tenants. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from loopctl_pipelines.tenants.contiguous_ranges import contiguous_ranges

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Rectangle:
    """The UTC days `first` to `last` of the tenants `slugs`, a contiguous range of keys."""

    first: date
    last: date
    slugs: tuple[str, ...]

    @property
    def size(self) -> int:
        """Number of partitions."""
        return ((self.last - self.first).days + 1) * len(self.slugs)

    def covers(self, day: date, slug: str) -> bool:
        """Return whether the tenant's day is one of its partitions."""
        return self.first <= day <= self.last and slug in self.slugs

    def partitions(self) -> Iterator[tuple[date, str]]:
        """Yield every (day, slug)."""
        for offset in range((self.last - self.first).days + 1):
            for slug in self.slugs:
                yield self.first + offset * _DAY, slug

    def chunks(self, most: int) -> Iterator["Rectangle"]:
        """Cut it into ranges of days with at most `most` partitions, or of a single day."""
        days = max(1, most // len(self.slugs))
        first = self.first
        while first <= self.last:
            last = min(self.last, first + (days - 1) * _DAY)
            yield Rectangle(first, last, self.slugs)
            first = last + _DAY


def rectangles(partitions: Iterable[tuple[date, str]], order: Sequence[str]) -> list[Rectangle]:
    """Cover exactly these (day, slug) partitions with few rectangles that do not overlap.

    Args:
        partitions: the partitions to cover.
        order: all tenants' slugs, in the order of the partition keys.

    Raises:
        KeyError: if a slug is not in `order`.
    """
    days_of: defaultdict[str, set[date]] = defaultdict(set)
    for day, slug in partitions:
        days_of[slug].add(day)
    slugs_of: defaultdict[tuple[date, date], list[str]] = defaultdict(list)
    for slug, days in days_of.items():
        for days_range in adjacent_days(days):
            slugs_of[days_range].append(slug)
    return [
        Rectangle(first, last, run)
        for (first, last), slugs in sorted(slugs_of.items())
        for run in contiguous_ranges(slugs, order)
    ]


def adjacent_days(days: Iterable[date]) -> Iterator[tuple[date, date]]:
    """Yield (first, last) of each run of days without a gap."""
    known = set(days)
    for day in sorted(known):
        if day - _DAY in known:
            continue
        last = day
        while last + _DAY in known:
            last += _DAY
        yield day, last
