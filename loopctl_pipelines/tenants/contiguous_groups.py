"""Tenants in contiguous groups of similar size, so that each group can be a run. Pure."""

from collections.abc import Mapping, Sequence


def contiguous_groups(
    slugs: Sequence[str], sizes: Mapping[str, int], most: int
) -> list[tuple[str, ...]]:
    """Cut tenants into contiguous groups whose largest is as small as it can be.

    Args:
        slugs: the tenants, in partition order.
        sizes: work by tenant, in any unit; a tenant that is not named has 1.
        most: how many groups there may be, at least 1. There are fewer where more would not make
            the largest one smaller.
    """
    weights = [sizes.get(slug, 1) for slug in slugs]
    smallest, enough = max(weights, default=0), sum(weights)
    while smallest < enough:
        middle = (smallest + enough) // 2
        if len(_cut(slugs, weights, middle)) <= most:
            enough = middle
        else:
            smallest = middle + 1
    return _cut(slugs, weights, enough)


def _cut(slugs: Sequence[str], weights: Sequence[int], capacity: int) -> list[tuple[str, ...]]:
    """Fill one group after the other, none beyond the capacity."""
    groups: list[list[str]] = []
    room = -1
    for slug, weight in zip(slugs, weights, strict=True):
        if weight > room:
            groups.append([])
            room = capacity
        groups[-1].append(slug)
        room -= weight
    return [tuple(group) for group in groups]
