"""Tenants that stand side by side: a range of partitions is a contiguous run of them. Pure."""

from collections.abc import Iterable, Sequence


def contiguous_ranges(slugs: Iterable[str], order: Sequence[str]) -> list[tuple[str, ...]]:
    """Group tenants into as few contiguous runs as there are.

    Args:
        slugs: the tenants.
        order: all tenants' slugs, in the order in which the partitions have them.

    Raises:
        KeyError: if a slug is not in `order`.
    """
    place = {slug: number for number, slug in enumerate(order)}
    runs: list[list[str]] = []
    last = -1
    for number in sorted(place[slug] for slug in slugs):
        if not runs or number != last + 1:
            runs.append([])
        runs[-1].append(order[number])
        last = number
    return [tuple(run) for run in runs]
