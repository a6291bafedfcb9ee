"""Ranges of tenants that are adjacent in partition order."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopctl_pipelines.tenants.contiguous_ranges import contiguous_ranges

ORDER = tuple("abcdefgh")


def test_a_gap_begins_a_new_run() -> None:
    assert contiguous_ranges(["g", "a", "b", "e", "f"], ORDER) == [("a", "b"), ("e", "f", "g")]


def test_a_tenant_without_a_place_is_an_error() -> None:
    with pytest.raises(KeyError):
        contiguous_ranges(["z"], ORDER)


@given(st.sets(st.sampled_from(ORDER)))
def test_each_tenant_is_in_exactly_one_run_and_no_two_runs_touch(slugs: set[str]) -> None:
    runs = contiguous_ranges(slugs, ORDER)
    assert [slug for run in runs for slug in run] == sorted(slugs)
    for before, after in pairwise(runs):
        assert ORDER.index(after[0]) > ORDER.index(before[-1]) + 1
