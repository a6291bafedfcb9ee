"""Partitions of two dimensions are covered with few rectangles, exactly."""

from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from loopctl_pipelines.orchestration.key_rectangles import KeyRectangle, key_rectangles

DAYS = ("1", "2", "3", "4", "5")
TENANTS = ("acme", "blue", "coral", "delta")


def test_some_days_of_adjacent_tenants_are_one_rectangle() -> None:
    keys = product(("2", "3", "4"), ("blue", "coral"))
    assert key_rectangles(keys, DAYS, TENANTS, most=20) == [
        KeyRectangle(("2", "blue"), ("4", "coral"))
    ]


def test_a_gap_in_either_dimension_makes_two() -> None:
    assert key_rectangles(product(("1", "2"), ("acme", "delta")), DAYS, TENANTS, most=20) == [
        KeyRectangle(("1", "acme"), ("2", "acme")),
        KeyRectangle(("1", "delta"), ("2", "delta")),
    ]
    assert len(key_rectangles(product(("1", "5"), TENANTS), DAYS, TENANTS, most=20)) == 2


def test_a_key_that_is_no_longer_there_is_left_out() -> None:
    keys = [("1", "acme"), ("1", "ghost"), ("9", "acme")]
    assert key_rectangles(keys, DAYS, TENANTS, most=20) == [
        KeyRectangle(("1", "acme"), ("1", "acme"))
    ]


def test_a_rectangle_with_too_many_keys_is_cut_between_days() -> None:
    assert key_rectangles(product(DAYS, TENANTS), DAYS, TENANTS, most=9) == [
        KeyRectangle(("1", "acme"), ("2", "delta")),
        KeyRectangle(("3", "acme"), ("4", "delta")),
        KeyRectangle(("5", "acme"), ("5", "delta")),
    ]
    assert len(key_rectangles(product(DAYS, TENANTS), DAYS, TENANTS, most=3)) == len(DAYS)


@given(st.sets(st.tuples(st.sampled_from(DAYS), st.sampled_from(TENANTS))))
def test_each_key_is_in_exactly_one_rectangle(keys: set[tuple[str, str]]) -> None:
    covered = [
        key
        for (first, last) in key_rectangles(keys, DAYS, TENANTS, most=20)
        for key in product(
            DAYS[DAYS.index(first[0]) : DAYS.index(last[0]) + 1],
            TENANTS[TENANTS.index(first[1]) : TENANTS.index(last[1]) + 1],
        )
    ]
    assert sorted(covered) == sorted(keys)
