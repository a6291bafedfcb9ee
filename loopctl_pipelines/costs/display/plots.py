"""Cost per day, model and tenant with the anomalies marked, as a PNG. Pure: data in, bytes out."""

from collections.abc import Sequence
from datetime import date, timedelta
from math import ceil
from typing import TYPE_CHECKING, Final

from loopctl_pipelines.costs.display.cost_panel import MARKS, draw_panel
from loopctl_pipelines.costs.display.plot_style import (
    DOTS_PER_INCH,
    MODELS,
    OTHER_MODELS,
    TEXT,
    as_png,
)
from loopctl_pipelines.costs.display.tenant_costs import (
    OTHERS,
    TenantCosts,
    costliest_models,
    together,
    total_of,
)
from loopctl_pipelines.terminal_text import shortened

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_PANELS: Final = 12
"""Tenants beyond this number share the last panel."""

PLOTTED_DAYS: Final = 30
"""Days of a plot by default."""

_PANELS_A_ROW: Final = 3
# inches
_ALONE: Final = (8.0, 2.2)
_OF_MANY: Final = (3.4, 1.7)
_HEADING: Final = 0.3
_LEGEND: Final = 0.2
_SHOWN_MODEL: Final = 24
# inches that a character of the legend takes
_CHARACTER: Final = 0.068


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
    models = costliest_models(panels, days, len(MODELS))
    columns = min(len(panels), _PANELS_A_ROW)
    rows = ceil(len(panels) / columns)
    panel_width, panel_height = _ALONE if len(panels) == 1 else _OF_MANY
    width = columns * panel_width
    legend = _legend(panels, models, days)
    lines = _legend_lines(legend, width)
    top = _HEADING + _LEGEND * len(lines)
    height = rows * panel_height + top
    figure = Figure(figsize=(width, height), dpi=DOTS_PER_INCH)
    for place, panel in enumerate(panels, start=1):
        draw_panel(
            figure.add_subplot(rows, columns, place), panel, days, models, alone=len(panels) == 1
        )
    _head(figure, first, last)
    _draw_legend(figure, lines)
    # by hand: matplotlib's automatic layouts take as long as the drawing itself
    figure.subplots_adjust(
        left=0.6 / width,
        right=1 - 0.2 / width,
        bottom=0.25 / height,
        top=1 - (top + 0.25) / height,
        wspace=0.25,
        hspace=0.45,
    )
    return as_png(figure)


def _panels(tenants: Sequence[TenantCosts], days: Sequence[date]) -> list[TenantCosts]:
    ordered = sorted(tenants, key=lambda tenant: (-tenant.total(days), tenant.name))
    if len(ordered) <= MOST_PANELS:
        return ordered
    shown, rest = ordered[: MOST_PANELS - 1], ordered[MOST_PANELS - 1 :]
    return [*shown, together(f"{len(rest)} other tenants", rest, days)]


def _head(figure: "Figure", first: date, last: date) -> None:
    width, height = figure.get_size_inches()
    line = 1 - 0.18 / height
    what = f"Cost per UTC day, {first} to {last}"
    figure.text(0.1 / width, line, what, size=8, color=TEXT, weight="bold", va="center")
    place = 3.3
    for kind, mark in MARKS.items():
        named = f"{mark.sign} {kind.replace('_', ' ')}"
        figure.text(place / width, line, named, size=8, color=mark.color, va="center")
        place += 0.15 + len(named) * _CHARACTER


def _legend(
    panels: Sequence[TenantCosts], models: Sequence[str], days: Sequence[date]
) -> list[tuple[str, str]]:
    """Return (label, colour) of what is stacked; none if the models are not known."""
    if not models:
        return []
    named = [(_both_ends(name), MODELS[n]) for n, name in enumerate(models)]
    rest = any(total_of(panel.stack(models, days)[-1][1], days) for panel in panels)
    return [*named, (OTHERS, OTHER_MODELS)] if rest else named


def _both_ends(name: str) -> str:
    """Return a model's name; of a long one its beginning and end, where names differ."""
    half = _SHOWN_MODEL // 2
    # a longer one would be cut again
    safe = shortened(name, 500)
    return safe if len(safe) <= _SHOWN_MODEL else f"{safe[: half - 1]}\u2026{safe[-half:]}"


def _legend_lines(
    legend: Sequence[tuple[str, str]], width: float
) -> list[list[tuple[float, str, str]]]:
    """Return the lines of the legend: (place in inches, label, colour)."""
    lines: list[list[tuple[float, str, str]]] = []
    room = 0.0
    for label, color in legend:
        needed = (len(label) + 4) * _CHARACTER
        if needed > room:
            lines.append([])
            room = width - 0.2
        lines[-1].append((width - 0.1 - room, label, color))
        room -= needed
    return lines


def _draw_legend(figure: "Figure", lines: Sequence[Sequence[tuple[float, str, str]]]) -> None:
    width, height = figure.get_size_inches()
    for number, line in enumerate(lines):
        y = 1 - (_HEADING + _LEGEND * (number + 0.4)) / height
        for place, label, color in line:
            figure.text(place / width, y, "■", size=8, color=color, va="center")
            # a model's name is a tenant's text
            figure.text(
                (place + 0.15) / width, y, label, size=7, color=TEXT, va="center", parse_math=False
            )
