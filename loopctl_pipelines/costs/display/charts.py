"""Small charts of text, for the UI's metadata and the terminal. Pure."""

from collections.abc import Mapping, Sequence
from typing import Final

BAR_WIDTH: Final = 24
_EIGHTHS = " ▏▎▍▌▋▊▉█"
_LEVELS = "▁▂▃▄▅▆▇█"


def bar(value: float, largest: float, width: int = BAR_WIDTH) -> str:
    """Return a bar of up to `width` characters, exact to an eighth of one.

    Values at or below 0 have an empty bar: corrections can make a cost negative.
    """
    if value <= 0 or largest <= 0:
        return ""
    full, eighths = divmod(round(min(value / largest, 1.0) * width * 8), 8)
    return "█" * full + _EIGHTHS[eighths].strip()


def bars(values: Mapping[str, float], unit: str = "$") -> str:
    """Return a markdown code block: a line a name, with its bar and value, the largest first."""
    if not values:
        return "_nothing_"
    ordered = sorted(values.items(), key=lambda item: (-item[1], item[0]))
    width = max(map(len, values))
    largest = ordered[0][1]
    lines = [
        f"{name.ljust(width)}  {bar(value, largest).ljust(BAR_WIDTH)}  {unit}{value:,.2f}"
        for name, value in ordered
    ]
    return "\n".join(("```", *lines, "```"))


def sparkline(values: Sequence[float]) -> str:
    """Return one block character a value, from 0 to the largest."""
    largest = max(values, default=0)
    if largest <= 0:
        return _LEVELS[0] * len(values)
    top = len(_LEVELS) - 1
    return "".join(_LEVELS[round(max(value, 0) / largest * top)] for value in values)
