"""Tenants are cut into contiguous groups of similar size."""

from itertools import combinations, pairwise

from hypothesis import given
from hypothesis import strategies as st

from loopctl_pipelines.tenants.contiguous_groups import contiguous_groups

SIZES = st.lists(st.integers(0, 1_000), min_size=1, max_size=8)


def largest(groups: list[tuple[str, ...]], sizes: dict[str, int]) -> int:
    return max(sum(sizes[slug] for slug in group) for group in groups)


def best(weights: list[int], most: int) -> int:
    """Return the largest group of the best cut, by trying every cut."""
    places = range(1, len(weights))
    cuts = (
        [0, *cut, len(weights)]
        for groups in range(1, most + 1)
        for cut in combinations(places, min(groups - 1, len(places)))
    )
    return min(max(sum(weights[a:b]) for a, b in pairwise(cut)) for cut in cuts)


@given(SIZES, st.integers(1, 5))
def test_no_other_cut_has_a_smaller_largest_group(weights: list[int], most: int) -> None:
    slugs = [f"t{number}" for number in range(len(weights))]
    sizes = dict(zip(slugs, weights, strict=True))
    groups = contiguous_groups(slugs, sizes, most)
    assert [slug for group in groups for slug in group] == slugs
    assert 1 <= len(groups) <= most
    assert all(groups)
    assert largest(groups, sizes) == best(weights, most)


def test_tenants_whose_size_is_unknown_are_spread_evenly() -> None:
    groups = contiguous_groups([*"abcdef"], {}, 3)
    assert groups == [("a", "b"), ("c", "d"), ("e", "f")]


def test_one_large_tenant_has_a_group_of_its_own() -> None:
    groups = contiguous_groups([*"abcd"], {"b": 1_000}, 4)
    assert ("b",) in groups


def test_without_tenants_there_is_no_group() -> None:
    assert contiguous_groups([], {}, 3) == []
