"""Cost per day and tenant with the anomalies marked, as a PNG. Pure: data in, bytes out.

Figures are objects of their own: no pyplot, which keeps state that threads would share.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from io import BytesIO
from math import ceil, floor
from typing import TYPE_CHECKING, Final

from loopctl_pipelines.costs.display.money import dollars
from loopctl_pipelines.terminal_text import shortened

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_PANELS: Final = 12
"""Tenants beyond this number share the last panel."""

PLOTTED_DAYS: Final = 30
"""Days of a plot by default."""

_DOTS_PER_INCH = 90
_PANELS_A_ROW = 3
# inches
_ALONE = (8.0, 2.2)
_OF_MANY = (3.4, 1.7)
_HEADING = 0.3
# the mark of each anomaly type: above the day's bar or at its foot, so that neither hides the other
_MARKS: Final = {"high_cost": ("^", "#c62828"), "suspiciously_low": ("v", "#ef9a00")}
_BARS, _TEXT, _LINE = "#7d9fc4", "#263238", "#b0bec5"
_SHOWN_NAME = 40
_CENTS_BELOW = 100


@dataclass(frozen=True, slots=True)
class TenantCosts:
    """One tenant's part of a plot; a missing day has no cost.

    Attributes:
        name: title of the panel.
        costs: millicents (1/1000 cent) by UTC day.
        anomalies: their number by anomaly type and UTC day.
    """

    name: str
    costs: Mapping[date, Decimal | int]
    anomalies: Mapping[tuple[str, date], int] = field(default_factory=dict)

    def total(self, days: Iterable[date]) -> Decimal:
        """Return the total cost of these days, in millicents."""
        return sum((Decimal(self.costs.get(day, 0)) for day in days), Decimal(0))


def plot_costs(tenants: Sequence[TenantCosts], first: date, last: date) -> bytes:
    """Return a PNG with one panel per tenant, each with its own scale, the costliest first.

    Args:
        tenants: one or more. Those beyond `MOST_PANELS` are added up in the last panel.
        first: first UTC day.
        last: last UTC day, inclusive.
    """
    # importing it takes 0.4 s, and most commands and runs draw nothing
    from matplotlib.figure import Figure  # noqa: PLC0415

    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    panels = _panels(tenants, days)
    columns = min(len(panels), _PANELS_A_ROW)
    rows = ceil(len(panels) / columns)
    panel_width, panel_height = _ALONE if len(panels) == 1 else _OF_MANY
    width, height = columns * panel_width, rows * panel_height + _HEADING
    figure = Figure(figsize=(width, height), dpi=_DOTS_PER_INCH)
    for place, panel in enumerate(panels, start=1):
        _draw(figure.add_subplot(rows, columns, place), panel, days)
    _head(figure, first, last, width, height)
    # by hand: matplotlib's automatic layouts take as long as the drawing itself
    figure.subplots_adjust(
        left=0.6 / width,
        right=1 - 0.2 / width,
        bottom=0.25 / height,
        top=1 - (_HEADING + 0.25) / height,
        wspace=0.25,
        hspace=0.45,
    )
    written = BytesIO()
    figure.savefig(written, format="png")
    return written.getvalue()


def _panels(tenants: Sequence[TenantCosts], days: Sequence[date]) -> list[TenantCosts]:
    ordered = sorted(tenants, key=lambda tenant: (-tenant.total(days), tenant.name))
    if len(ordered) <= MOST_PANELS:
        return ordered
    shown, rest = ordered[: MOST_PANELS - 1], ordered[MOST_PANELS - 1 :]
    costs = {day: sum(Decimal(tenant.costs.get(day, 0)) for tenant in rest) for day in days}
    anomalies = {
        (kind, day): sum(tenant.anomalies.get((kind, day), 0) for tenant in rest)
        for kind in _MARKS
        for day in days
    }
    return [*shown, TenantCosts(f"{len(rest)} other tenants", costs, anomalies)]


def _head(figure: "Figure", first: date, last: date, width: float, height: float) -> None:
    line = 1 - 0.18 / height
    what = f"Cost per UTC day, {first} to {last}"
    figure.text(0.1 / width, line, what, size=8, color=_TEXT, weight="bold", va="center")
    for place, (kind, (marker, color)) in enumerate(_MARKS.items()):
        sign = "▲" if marker == "^" else "▼"
        named = f"{sign} {kind.replace('_', ' ')}"
        figure.text((3.6 + place) / width, line, named, size=8, color=color, va="center")


def _draw(axes: "Axes", tenant: TenantCosts, days: Sequence[date]) -> None:
    costs = [dollars(tenant.costs.get(day, 0)) for day in days]
    low, high = min(0.0, *costs), max(0.0, *costs)
    axes.stairs(costs, range(len(days) + 1), fill=True, color=_BARS)
    axes.axhline(0, color=_LINE, linewidth=0.8)
    axes.set_xlim(0, len(days))
    axes.set_ylim(1.15 * low, 1.15 * high or 1.0)
    for kind in _MARKS:
        _mark(axes, kind, [tenant.anomalies.get((kind, day), 0) for day in days], costs)
    _label(axes, tenant, days, (low, high))


def _mark(axes: "Axes", kind: str, numbers: Sequence[int], costs: Sequence[float]) -> None:
    marker, color = _MARKS[kind]
    places = [place for place, number in enumerate(numbers) if number]
    feet = [max(costs[place], 0.0) if marker == "^" else 0.0 for place in places]
    axes.plot([p + 0.5 for p in places], feet, marker, color=color, markersize=5, clip_on=False)
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


def _label(
    axes: "Axes", tenant: TenantCosts, days: Sequence[date], ends: tuple[float, float]
) -> None:
    found = sum(tenant.anomalies.get((kind, day), 0) for kind in _MARKS for day in days)
    noted = f", {found} anomal{'y' if found == 1 else 'ies'}" if found else ""
    title = f"{shortened(tenant.name, _SHOWN_NAME)}  ${dollars(tenant.total(days)):,.2f}{noted}"
    # a name is a tenant's text: a dollar sign in it would begin a formula
    axes.set_title(title, loc="left", size=8, color=_TEXT, parse_math=False)
    axes.tick_params(labelsize=7, length=2, color=_LINE, labelcolor=_TEXT)
    low, high = ends
    heights = sorted({low, 0.0, high})
    axes.set_yticks(heights, [_money(height) for height in heights], parse_math=False)
    shown = sorted({0, len(days) // 2, len(days) - 1})
    axes.set_xticks([n + 0.5 for n in shown], [f"{days[n]:%b} {days[n].day}" for n in shown])
    for name, spine in axes.spines.items():
        spine.set_visible(name == "bottom")
        spine.set_color(_LINE)


def _money(value: float) -> str:
    sign = "-" if value < 0 else ""
    size = abs(value)
    return f"{sign}${size:,.2f}" if size < _CENTS_BELOW else f"{sign}${floor(size):,}"
