"""Colours, labels and the PNG of plots. Pure.

The ground is white, so that a plot looks the same in the light and in the dark UI. Figures are
objects of their own: no pyplot, which keeps state that threads would share.
"""

from io import BytesIO
from math import floor
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

DOTS_PER_INCH: Final = 90
TEXT: Final = "#263238"
LINE: Final = "#b0bec5"
HIGH: Final = "#c62828"
LOW: Final = "#ef9a00"
BUDGET: Final = "#6a1b9a"
BARS: Final = "#7d9fc4"
MODELS: Final = (BARS, "#3f6797", "#76b7b2", "#b39ddb", "#c7b299")
"""Of the costliest models; all others together are `OTHER_MODELS`."""

OTHER_MODELS: Final = "#cfd8dc"

_CENTS_BELOW: Final = 100


def as_png(figure: "Figure") -> bytes:
    """Return the figure as a PNG."""
    written = BytesIO()
    figure.savefig(written, format="png")
    return written.getvalue()


def money(value: float) -> str:
    """Return dollars as an axis shows them: `$0.0042`, `$12.50`, `$1,250`."""
    sign = "-" if value < 0 else ""
    size = abs(value)
    if 0 < size < 0.01:  # noqa: PLR2004 - less than a cent
        return f"{sign}${size:.2g}"
    return f"{sign}${size:,.2f}" if size < _CENTS_BELOW else f"{sign}${floor(size):,}"


def show_base_line_only(axes: "Axes") -> None:
    """Leave of the frame the line at the bottom, and make the ticks small."""
    axes.tick_params(labelsize=7, length=2, color=LINE, labelcolor=TEXT)
    for name, spine in axes.spines.items():
        spine.set_visible(name == "bottom")
        spine.set_color(LINE)
