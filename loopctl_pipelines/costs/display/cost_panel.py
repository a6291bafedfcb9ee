"""One panel of a plot of costs: a tenant's days, stacked by model, with marks. Pure."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final, NamedTuple

from loopctl_pipelines.costs.anomalies.anomaly import AnomalyType
from loopctl_pipelines.costs.display.money import dollars
from loopctl_pipelines.costs.display.plot_style import (
    BARS,
    BUDGET,
    HIGH,
    LINE,
    LOW,
    MODELS,
    OTHER_MODELS,
    TEXT,
    money,
    show_base_line_only,
)
from loopctl_pipelines.costs.display.tenant_costs import OTHERS, BudgetLine, TenantCosts
from loopctl_pipelines.terminal_text import shortened

if TYPE_CHECKING:
    from matplotlib.axes import Axes


class Mark(NamedTuple):
    """How an anomaly is marked: matplotlib's marker, its sign in the heading, where on the bar."""

    marker: str
    sign: str
    color: str
    height: float


MARKS: Final = {
    AnomalyType.HIGH_COST: Mark("^", "▲", HIGH, 1.0),
    AnomalyType.SUSPICIOUSLY_LOW: Mark("v", "▼", LOW, 0.0),
    AnomalyType.BUDGET_EXCEEDED: Mark("D", "◆", BUDGET, 0.5),
}
"""On top of the day's bar, at its foot and between, so that none hides another."""

_SHOWN_NAME: Final = 40
_FORECAST_DAYS: Final = 14
"""Days to come that have room in a plot of one tenant with a budget."""


def draw_panel(
    axes: "Axes",
    tenant: TenantCosts,
    days: Sequence[date],
    models: Sequence[str],
    *,
    alone: bool,
) -> None:
    """Draw a tenant.

    Args:
        axes: where.
        tenant: what.
        days: the UTC days, without a gap.
        models: the models that have a colour each, in the colours' order.
        alone: it is the only panel, and has room for a budget.
    """
    costs = [dollars(tenant.costs.get(day, 0)) for day in days]
    below, above = _stack(axes, tenant, days, models) if models else _bars(axes, costs)
    low, high = min(0.0, *below), max(0.0, *above)
    axes.axhline(0, color=LINE, linewidth=0.8)
    budget = tenant.budget if alone else None
    shown = _shown_days(days, budget)
    axes.set_xlim(0, len(shown))
    axes.set_ylim(1.15 * low, 1.15 * high or 1.0)
    for kind in MARKS:
        _mark(axes, kind, [tenant.anomalies.get((kind, day), 0) for day in days], above)
    if budget:
        _draw_forecast(axes, budget, days, shown)
    _label(axes, _title(tenant, days, budget), shown, (low, high))


def _bars(axes: "Axes", costs: Sequence[float]) -> tuple[list[float], list[float]]:
    """Draw the days in one colour; return the lower and the upper end of each."""
    axes.stairs(costs, range(len(costs) + 1), fill=True, color=BARS)
    return [min(cost, 0.0) for cost in costs], [max(cost, 0.0) for cost in costs]


def _stack(
    axes: "Axes", tenant: TenantCosts, days: Sequence[date], models: Sequence[str]
) -> tuple[list[float], list[float]]:
    """Stack the models; what corrections made negative goes down from 0. Return as `_bars`."""
    above, below = [0.0] * len(days), [0.0] * len(days)
    colors = {**dict(zip(models, MODELS, strict=False)), OTHERS: OTHER_MODELS}
    for name, costs in tenant.stack(models, days):
        heights = [dollars(costs.get(day, 0)) for day in days]
        if not any(heights):
            continue
        feet = [above[n] if height > 0 else below[n] for n, height in enumerate(heights)]
        tops = [foot + height for foot, height in zip(feet, heights, strict=True)]
        axes.stairs(tops, range(len(days) + 1), baseline=feet, fill=True, color=colors[name])
        above = [max(top, old) for top, old in zip(tops, above, strict=True)]
        below = [min(top, old) for top, old in zip(tops, below, strict=True)]
    return below, above


def _mark(axes: "Axes", kind: AnomalyType, numbers: Sequence[int], tops: Sequence[float]) -> None:
    marker, _, color, height = MARKS[kind]
    places = [place for place, number in enumerate(numbers) if number]
    feet = [tops[place] * height for place in places]
    size = 4 if marker == "D" else 5
    axes.plot([p + 0.5 for p in places], feet, marker, color=color, markersize=size, clip_on=False)
    for place, foot in zip(places, feet, strict=True):
        if numbers[place] > 1:
            at, above = (place + 0.5, foot), (0, 4)
            axes.annotate(
                f"{numbers[place]}",
                at,
                above,
                textcoords="offset points",
                ha="center",
                size=7,
                color=color,
            )


def _shown_days(days: Sequence[date], budget: BudgetLine | None) -> list[date]:
    """Return the days, and those to come until the budget is used up, as far as there is room."""
    if not budget or not budget.used_up_on or not budget.daily_millicents:
        return list(days)
    ahead = min(max((budget.used_up_on - days[-1]).days, 0), _FORECAST_DAYS)
    return [*days, *(days[-1] + timedelta(days=n) for n in range(1, ahead + 1))]


def _draw_forecast(
    axes: "Axes", budget: BudgetLine, days: Sequence[date], shown: Sequence[date]
) -> None:
    ahead = len(shown) - len(days)
    if ahead:
        expected = [dollars(budget.daily_millicents)] * ahead
        edges = range(len(days), len(shown) + 1)
        axes.axvspan(len(days), len(shown), color=BUDGET, alpha=0.05, linewidth=0)
        axes.stairs(expected, edges, baseline=None, color=BUDGET, linestyle=":", linewidth=1.2)
    if budget.used_up_on in shown:
        place = shown.index(budget.used_up_on) + 1
        axes.axvline(place, color=BUDGET, linewidth=1.2, linestyle="--", clip_on=False)


def _title(tenant: TenantCosts, days: Sequence[date], budget: BudgetLine | None) -> str:
    found = sum(tenant.anomalies.get((kind, day), 0) for kind in MARKS for day in days)
    noted = f", {found} anomal{'y' if found == 1 else 'ies'}" if found else ""
    costs = f"{shortened(tenant.name, _SHOWN_NAME)}  ${dollars(tenant.total(days)):,.2f}{noted}"
    if budget is None:
        return costs
    end = f", used up on {budget.used_up_on}" if budget.used_up_on else ""
    return f"{costs}; {shortened(budget.name, _SHOWN_NAME)} {budget.used:.0%} used{end}"


def _label(axes: "Axes", title: str, days: Sequence[date], ends: tuple[float, float]) -> None:
    # a name is a tenant's text: a dollar sign in it would begin a formula
    axes.set_title(title, loc="left", size=8, color=TEXT, parse_math=False)
    low, high = ends
    heights = sorted({low, 0.0, high})
    axes.set_yticks(heights, [money(height) for height in heights], parse_math=False)
    shown = sorted({0, len(days) // 2, len(days) - 1})
    axes.set_xticks([n + 0.5 for n in shown], [f"{days[n]:%b} {days[n].day}" for n in shown])
    show_base_line_only(axes)
