"""An anomaly's story against the other stories of its epic, as a PNG. Pure.

The axis is logarithmic: costs of stories span several powers of ten. Without cost there is no
logarithm, so those are beside the axis, at its left.
"""

from collections.abc import Sequence
from math import ceil, floor, log10
from typing import TYPE_CHECKING, Final

from loopctl_pipelines.costs.display.compared_story import ComparedStory
from loopctl_pipelines.costs.display.money import MILLICENTS_PER_DOLLAR, dollars
from loopctl_pipelines.costs.display.plot_style import (
    BARS,
    DOTS_PER_INCH,
    HIGH,
    LINE,
    LOW,
    TEXT,
    as_png,
    money,
    show_base_line_only,
)
from loopctl_pipelines.terminal_text import shortened

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_SIZE: Final = (8.0, 1.9)  # inches
_SHOWN_TITLE: Final = 60
_MOST_TICKS: Final = 8
# a share of the golden ratio spreads points that follow each other
_GOLDEN: Final = 0.618034


def plot_story(story: ComparedStory) -> bytes:
    """Return a PNG: a point per story, the anomaly's in its colour, baseline and threshold."""
    # as for the costs per day
    from matplotlib.figure import Figure  # noqa: PLC0415

    figure = Figure(figsize=_SIZE, dpi=DOTS_PER_INCH)
    axes = figure.add_subplot()
    low, high = powers_of_ten(story.costs)
    free = _places([cost for cost in story.peers if cost > 0])
    size = 4 if len(story.peers) > 200 else 16  # noqa: PLR2004 - many points are small ones
    points = [cost for cost in story.peers if cost > 0]
    axes.scatter(_logs(points), free, s=size, color=BARS, alpha=0.6, linewidths=0)
    # beside the axis
    without = len(story.peers) - len(points)
    left = low - 0.06 * (high - low)
    if without:
        axes.scatter([left] * without, _places([0] * without), s=size, color=BARS, linewidths=0)
    _draw_lines(axes, story)
    color = LOW if story.anomaly_type == "suspiciously_low" else HIGH
    own = log10(story.cost) if story.cost > 0 else left
    axes.scatter([own], [0.5], s=70, marker="D", color=color, edgecolors="white", zorder=3)
    axes.set_xlim(low - 0.1 * (high - low), high + 0.03 * (high - low))
    axes.set_ylim(0, 1)
    axes.set_yticks([])
    _label(axes, story, (low, high), left if without or story.cost <= 0 else None)
    figure.subplots_adjust(left=0.03, right=0.97, bottom=0.17, top=0.7)
    return as_png(figure)


def powers_of_ten(costs: Sequence[int]) -> tuple[int, int]:
    """Return the ends of the axis: powers of ten in millicents, around all costs above 0."""
    above = [cost for cost in costs if cost > 0]
    if not above:
        dollar = round(log10(MILLICENTS_PER_DOLLAR))
        return dollar - 1, dollar
    low, high = floor(log10(min(above))), ceil(log10(max(above)))
    return low, max(high, low + 1)


def describe_shown(story: ComparedStory) -> str:
    """Return how many other stories there are, and how many of them are shown."""
    many = f"{story.others:,} other stor{'y' if story.others == 1 else 'ies'} of the epic"
    return f"{many}, {len(story.peers):,} of them shown" if story.is_sampled else many


def _draw_lines(axes: "Axes", story: ComparedStory) -> None:
    if story.reference > 0:
        axes.axvline(log10(story.reference), color=TEXT, linewidth=0.8)
    if story.threshold:
        axes.axvline(log10(story.threshold), color=HIGH, linewidth=1.0, linestyle="--")


def _label(
    axes: "Axes", story: ComparedStory, ends: tuple[int, int], no_cost: float | None
) -> None:
    heading = f"{shortened(story.title, _SHOWN_TITLE)}  ${dollars(story.cost):,.2f}"
    facts = [f"baseline {money(dollars(story.reference))}"]
    if story.threshold:
        side = "below" if story.anomaly_type == "suspiciously_low" else "above"
        facts.append(
            f"anomalous {side} {story.factor:f} times ({money(dollars(story.threshold))}), dashed"
        )
    lines = f"{heading}\n{describe_shown(story)}; {'; '.join(facts)}"
    axes.set_title(lines, loc="left", size=8, color=TEXT, parse_math=False)
    low, high = ends
    step = ceil((high - low) / _MOST_TICKS)
    powers = list(range(low, high + 1, step))
    places = [*([no_cost] if no_cost is not None else []), *powers]
    names = [*(["$0"] if no_cost is not None else []), *(money(dollars(10**p)) for p in powers)]
    axes.set_xticks(places, names, parse_math=False)
    axes.grid(visible=True, axis="x", color=LINE, linewidth=0.4, alpha=0.6)
    axes.set_axisbelow(True)
    show_base_line_only(axes)


def _logs(costs: Sequence[int]) -> list[float]:
    return [log10(cost) for cost in costs]


def _places(costs: Sequence[int]) -> list[float]:
    """Return a height for each point, so that equal costs lie beside each other."""
    return [0.12 + 0.76 * ((n * _GOLDEN) % 1.0) for n in range(len(costs))]
