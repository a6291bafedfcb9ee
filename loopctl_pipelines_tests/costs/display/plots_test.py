"""Plots, looked at as pixels."""

from collections.abc import Mapping
from datetime import date, timedelta
from io import BytesIO

import numpy as np
import pytest
from matplotlib.image import imread

from loopctl_pipelines.costs.display.plots import MOST_PANELS, TenantCosts, plot_costs

FIRST = date(2026, 4, 1)
DAYS = [FIRST + timedelta(days=n) for n in range(30)]
HIGH, LOW = (0xC6, 0x28, 0x28), (0xEF, 0x9A, 0x00)
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


@pytest.mark.parametrize(("kind", "color"), [("high_cost", HIGH), ("suspiciously_low", LOW)])
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
