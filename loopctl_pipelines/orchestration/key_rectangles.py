"""Covers partitions of two dimensions with rectangles of keys. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from loopctl_pipelines.tenants.contiguous_ranges import contiguous_ranges


class KeyRectangle(NamedTuple):
    """The keys from `first` to `last`, each a (primary, secondary) pair, in both dimensions."""

    first: tuple[str, str]
    last: tuple[str, str]


def key_rectangles(
    keys: Iterable[tuple[str, str]], primary: Sequence[str], secondary: Sequence[str], *, most: int
) -> list[KeyRectangle]:
    """Cover exactly these keys with few rectangles that do not overlap.

    Args:
        keys: (primary, secondary) pairs; those that are not among the next two are left out.
        primary: the keys of one dimension, in partition order.
        secondary: those of the other.
        most: keys of a rectangle, unless a single primary key has more.
    """
    known = set(primary), set(secondary)
    firsts_of: defaultdict[str, set[str]] = defaultdict(set)
    for first, second in keys:
        if first in known[0] and second in known[1]:
            firsts_of[second].add(first)
    seconds_of: defaultdict[tuple[str, ...], list[str]] = defaultdict(list)
    for second, firsts in firsts_of.items():
        for side in contiguous_ranges(firsts, primary):
            seconds_of[side].append(second)
    return [
        KeyRectangle((part[0], other[0]), (part[-1], other[-1]))
        for side, seconds in sorted(seconds_of.items())
        for other in contiguous_ranges(seconds, secondary)
        for part in _parts(side, max(1, most // len(other)))
    ]


def _parts(side: tuple[str, ...], length: int) -> Iterator[tuple[str, ...]]:
    for begin in range(0, len(side), length):
        yield side[begin : begin + length]
