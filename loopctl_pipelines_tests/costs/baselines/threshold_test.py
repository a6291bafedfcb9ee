"""Thresholds follow from an alert budget and the ratios of the days before."""

import math
import random
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopctl_pipelines.costs.baselines.ratios import BIN_WIDTH, SPREADS, Bins, Tail
from loopctl_pipelines.costs.baselines.threshold import (
    LEAST_FACTOR,
    PooledTail,
    Source,
    high_threshold,
    low_threshold,
)

LOGARITHMS = st.lists(st.floats(-6, 6), min_size=1, max_size=60)
NORMAL = PooledTail(10_000, 0.6, [1 - 0.5 * (1 + math.erf(z / math.sqrt(2))) for z in SPREADS])


def binned(logarithms: list[float]) -> Bins:
    """Count the logarithms in bins."""
    places = [math.floor(value / BIN_WIDTH) for value in logarithms]
    return Bins.of(places, [1] * len(places))


def drawn(stories: int, spread: float = 0.6, seed: int = 1) -> list[float]:
    """Return ratios as those of real stories; the same ones every time."""
    chance = random.Random(seed)
    return [chance.gauss(0, spread) for _ in range(stories)]


@given(LOGARITHMS, st.floats(0.01, 0.99))
def test_a_quantile_is_at_most_a_bin_away_from_that_of_the_values(
    values: list[float], share: float
) -> None:
    at = sorted(values)[math.ceil(share * len(values)) - 1]
    assert binned(values).quantile(share) == pytest.approx(at, abs=BIN_WIDTH + 1e-9)


@given(LOGARITHMS, st.floats(-6, 6))
def test_stories_above_a_value_are_counted_but_for_those_in_its_bin(
    values: list[float], limit: float
) -> None:
    surely = sum(value > limit + BIN_WIDTH for value in values)
    perhaps = sum(value > limit - BIN_WIDTH for value in values)
    assert surely - 1e-9 <= binned(values).above(limit) <= perhaps + 1e-9


@given(LOGARITHMS)
def test_mirrored_twice_the_bins_are_the_same(values: list[float]) -> None:
    bins = binned(values)
    assert bins.mirrored().mirrored() == bins


@given(LOGARITHMS)
def test_the_middle_of_mirrored_bins_is_the_negated_middle(values: list[float]) -> None:
    # of an even number the middle may be anywhere between two values
    bins = binned(values[: len(values) - 1 + len(values) % 2])
    assert bins.mirrored().quantile(0.5) == pytest.approx(-bins.quantile(0.5), abs=1e-9)


@given(LOGARITHMS, st.floats(1, 400), st.sampled_from([None, NORMAL]))
def test_a_larger_budget_never_raises_the_threshold(
    values: list[float], budget: float, pool: PooledTail | None
) -> None:
    tail = Tail.of(binned(values))
    smaller = high_threshold(tail, pool, budget / 2, 3.0)
    assert high_threshold(tail, pool, budget, 3.0).factor <= smaller.factor + 1e-9


@pytest.mark.parametrize("budget", [10, 20, 50])
def test_of_new_stories_like_those_before_about_as_many_exceed_it_as_the_budget_says(
    budget: int,
) -> None:
    threshold = high_threshold(Tail.of(binned(drawn(5_000))), None, budget, 3.0)
    assert threshold.source is Source.TENANT
    new = drawn(20_000, seed=2)
    exceeding = 1000 * sum(value > math.log(threshold.factor) for value in new) / len(new)
    assert 0.7 * budget <= exceeding <= 1.2 * budget


def test_it_is_that_of_the_sorted_ratios_without_those_beyond_four_spreads() -> None:
    ratios = drawn(2_000)
    runaways = [5.0] * 40
    middle = sorted(ratios + runaways)
    median = middle[len(middle) // 2]
    spread = middle[int(0.84 * len(middle))] - median
    kept = [value for value in middle if value <= median + SPREADS[-1] * spread]
    # one more than was seen counts as above
    expected = kept[-int(0.01 * (len(kept) + 1))]
    found = high_threshold(Tail.of(binned(ratios + runaways)), None, 10, 3.0)
    assert math.log(found.factor) == pytest.approx(expected, abs=2 * BIN_WIDTH)


def test_the_history_of_a_wider_tenant_gives_a_wider_threshold_on_both_sides() -> None:
    narrow, wide = (binned(drawn(1_000, spread)) for spread in (0.4, 1.0))
    assert high_threshold(Tail.of(narrow), NORMAL, 10, 3.0).factor < 4
    assert high_threshold(Tail.of(wide), NORMAL, 10, 3.0).factor > 7
    low_narrow = low_threshold(Tail.of(narrow.mirrored()), NORMAL, 2, 0.1).factor
    assert low_narrow > 3 * low_threshold(Tail.of(wide.mirrored()), NORMAL, 2, 0.1).factor


def test_without_a_history_all_tenants_decide_and_without_them_the_fixed_factor() -> None:
    nothing = Tail.of(Bins.of([], []))
    pooled = high_threshold(nothing, NORMAL, 10, 3.0)
    assert (pooled.source, round(pooled.factor, 1)) == (Source.ALL_TENANTS, 4.2)
    fixed = high_threshold(nothing, None, 10, 3.0)
    assert (fixed.source, fixed.factor) == (Source.FIXED, 3.0)
    assert low_threshold(nothing, None, 2, 0.1).factor == pytest.approx(0.1)
    assert low_threshold(nothing, None, 2, 0).factor == 0


def test_the_longer_the_history_the_less_all_tenants_count() -> None:
    factors = [
        high_threshold(Tail.of(binned(drawn(stories, 0.3))), NORMAL, 10, 3.0).factor
        for stories in (0, 10, 100)
    ]
    assert factors == sorted(factors, reverse=True)
    assert factors[0] > 1.9 * factors[-1]


def test_where_all_costs_are_equal_the_least_factor_applies() -> None:
    equal = Tail.of(binned([0.01] * 500))
    assert high_threshold(equal, NORMAL, 10, 3.0).factor == LEAST_FACTOR
    assert low_threshold(equal, NORMAL, float(Decimal(2)), 0.1).factor == 1 / LEAST_FACTOR
