"""Plots, looked at as pixels."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from io import BytesIO

import numpy as np
import pytest
from matplotlib.image import imread

from loopctl_pipelines.costs.display.plots import MOST_PANELS, plot_costs
from loopctl_pipelines.costs.display.tenant_costs import BudgetLine, TenantCosts

FIRST = date(2026, 4, 1)
DAYS = [FIRST + timedelta(days=n) for n in range(30)]
HIGH, LOW, BUDGET = (0xC6, 0x28, 0x28), (0xEF, 0x9A, 0x00), (0x6A, 0x1B, 0x9A)
FIRST_MODEL, SECOND_MODEL, OTHERS = (0x7D, 0x9F, 0xC4), (0x3F, 0x67, 0x97), (0xCF, 0xD8, 0xDC)
MOST_BYTES = 100_000


def _tenant(
    name: str, cost: int, marks: Mapping[tuple[str, date], int] | None = None
) -> TenantCosts:
    return TenantCosts(name, dict.fromkeys(DAYS, cost), marks or {})


def _plot(*tenants: TenantCosts) -> bytes:
    return plot_costs(tenants, DAYS[0], DAYS[-1])


def _pixels(png: bytes, color: tuple[int, int, int]) -> tuple[list[int], list[int], int]:
    """Return rows and columns of the pixels of a colour below the heading, and the width."""
    image = np.rint(imread(BytesIO(png)) * 255).astype(int)[30:, :, :3]
    rows, columns = np.nonzero((image == color).all(axis=2))
    return list(rows), list(columns), image.shape[1]


@pytest.mark.parametrize(
    ("kind", "color"),
    [("high_cost", HIGH), ("suspiciously_low", LOW), ("budget_exceeded", BUDGET)],
)
def test_an_anomaly_is_marked_on_its_day(kind: str, color: tuple[int, int, int]) -> None:
    places = []
    for day in (DAYS[3], DAYS[26]):
        rows, columns, width = _pixels(_plot(_tenant("acme", 100_000, {(kind, day): 1})), color)
        assert rows
        places.append(sum(columns) / len(columns) / width)
    assert places == pytest.approx([0.19, 0.88], abs=0.02)


def test_a_high_cost_is_marked_above_a_low_one_of_the_same_day() -> None:
    both = {("high_cost", DAYS[9]): 1, ("suspiciously_low", DAYS[9]): 1}
    png = _plot(_tenant("acme", 100_000, both))
    assert max(_pixels(png, HIGH)[0]) < min(_pixels(png, LOW)[0])


def test_a_story_over_budget_is_marked_between_them() -> None:
    marks = {(kind, DAYS[9]): 1 for kind in ("high_cost", "suspiciously_low", "budget_exceeded")}
    png = _plot(_tenant("acme", 100_000, marks))
    high, budget, low = (_pixels(png, color)[0] for color in (HIGH, BUDGET, LOW))
    assert max(high) < min(budget)
    assert max(budget) < min(low)


def test_days_without_an_anomaly_have_no_mark() -> None:
    png = _plot(_tenant("acme", 100_000))
    assert (_pixels(png, HIGH)[0], _pixels(png, LOW)[0]) == ([], [])


def test_the_order_in_which_tenants_are_given_does_not_matter() -> None:
    a, b = _tenant("a", 100), _tenant("b", 200)
    assert _plot(a, b) == _plot(b, a)


def test_the_tenants_beyond_the_last_panel_are_added_up_in_it() -> None:
    large = [_tenant(f"t{n:02}", 100_000 - n) for n in range(MOST_PANELS - 1)]
    small = [_tenant(f"small{n}", 30, {("high_cost", DAYS[n]): 1}) for n in range(3)]
    together = {("high_cost", DAYS[n]): 1 for n in range(3)}
    assert _plot(*large, *small) == _plot(*large, _tenant("3 other tenants", 90, together))


@pytest.mark.parametrize("number", [1, MOST_PANELS, 30, 1000])
def test_a_plot_stays_small_however_many_tenants_it_shows(number: int) -> None:
    marks = {("high_cost", day): 2 for day in DAYS}
    assert len(_plot(*(_tenant(f"t{n}", 100 + n, marks) for n in range(number)))) < MOST_BYTES


@pytest.mark.parametrize("name", ["$x^{", "a\\b_c", "価格", "n" * 255])
def test_a_name_is_text_whatever_it_contains(name: str) -> None:
    assert _plot(_tenant(name, 100)) != _plot(_tenant("acme", 100))


@pytest.mark.parametrize("cost", [0, -5_000, 10**18])
def test_no_cost_is_too_low_or_too_high(cost: int) -> None:
    assert _plot(_tenant("acme", cost)) != _plot(_tenant("acme", 12_345))


def test_days_that_cost_nothing_may_be_missing() -> None:
    assert _plot(TenantCosts("acme", {})) == _plot(_tenant("acme", 0))


def _by_model(**costs: int) -> TenantCosts:
    models = {name: dict.fromkeys(DAYS, cost) for name, cost in costs.items()}
    return TenantCosts("acme", dict.fromkeys(DAYS, sum(costs.values())), {}, models)


def test_the_models_of_a_day_are_stacked_from_the_costliest_up() -> None:
    png = _plot(_by_model(cheap=100_000, dear=300_000))
    dear, cheap = (_in_panel(png, color) for color in (FIRST_MODEL, SECOND_MODEL))
    assert min(dear) > max(cheap)
    assert len(dear) / len(cheap) == pytest.approx(3, rel=0.1)


def test_a_model_that_was_renamed_goes_on_under_its_new_name() -> None:
    models = {"old": dict.fromkeys(DAYS[:15], 200), "new": dict.fromkeys(DAYS[15:], 100)}
    png = _plot(TenantCosts("acme", models["old"] | models["new"], {}, models))
    old, new = (_pixels(png, color)[1] for color in (FIRST_MODEL, SECOND_MODEL))
    # the legend's marks are at the left
    assert np.median(old) < np.median(new)


def test_models_beyond_the_fifth_and_costs_of_none_are_one_part() -> None:
    assert _in_panel(_plot(_by_model(a=9, b=8, c=7, d=6, e=5)), OTHERS) == []
    six = _by_model(a=9, b=8, c=7, d=6, e=5, f=4)
    seven = _by_model(a=9, b=8, c=7, d=6, e=5, f=3, g=1)
    assert _in_panel(_plot(six), OTHERS)
    assert _plot(six) == _plot(seven)


@pytest.mark.parametrize("name", ["$x^{", "a\\b_c", "n" * 255, "\x1b[31m\u202e"])
def test_a_model_s_name_is_text_whatever_it_contains(name: str) -> None:
    models = {name: dict.fromkeys(DAYS, 100)}
    png = _plot(TenantCosts("acme", dict.fromkeys(DAYS, 100), {}, models))
    assert len(png) < MOST_BYTES


def test_a_budget_is_drawn_until_the_day_it_is_used_up_if_there_is_room() -> None:
    used_up = DAYS[-1] + timedelta(days=6)
    budget = BudgetLine("project p", 0.8, used_up, 100_000)
    without = _tenant("acme", 100_000)
    later = replace(budget, used_up_on=used_up + timedelta(days=1))
    plots = [_plot(replace(without, budget=each)) for each in (budget, later, None)]
    assert len(set(plots)) == 3
    other = _tenant("b", 1)
    assert _plot(replace(without, budget=budget), other) == _plot(without, other)


def _in_panel(png: bytes, color: tuple[int, int, int]) -> list[int]:
    """Return the rows of the colour's pixels below the legend."""
    return [row for row in _pixels(png, color)[0] if row > 30]
