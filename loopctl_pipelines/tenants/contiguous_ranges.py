"""Contiguous tenants: a range of partitions covers tenants that are adjacent in key order. Pure."""

from collections.abc import Iterable, Sequence


def contiguous_ranges(slugs: Iterable[str], order: Sequence[str]) -> list[tuple[str, ...]]:
    """Group tenants into the fewest contiguous ranges.

    Args:
        slugs: the tenants.
        order: all tenants' slugs, in partition order.

    Raises:
        KeyError: if a slug is not in `order`.
    """
    place = {slug: number for number, slug in enumerate(order)}
    ranges: list[list[str]] = []
    last = -1
    for number in sorted(place[slug] for slug in slugs):
        if not ranges or number != last + 1:
            ranges.append([])
        ranges[-1].append(order[number])
        last = number
    return [tuple(each) for each in ranges]
