"""What a person should know of how a file was read: nothing is left out in silence. Pure."""

from collections.abc import Iterable
from enum import StrEnum


class Remark(StrEnum):
    """What happened to a row or a cell; the text begins its line in the output."""

    WITHOUT_COST = "rows without a cost, left out"
    TOTAL = "total rows, left out"
    EMPTY = "empty rows, left out"
    FUTURE = "rows later than tomorrow, left out"
    BEFORE_START = "rows before LOOPCTL_START_DATE, loaded; no run computes their days"
    NULL = "cells with a literal NULL, read as empty"
    NO_STORY = "rows without a story, given the default"
    ROUNDED = "costs below half a millicent, loaded as 0"
    NEGATIVE = "negative costs, loaded as credits"
    CACHE = "rows with cache tokens, which are counted as input"


class Remarks:
    """Counts remarks, with the first line of each; begins with those on columns."""

    def __init__(self, on_columns: Iterable[str] = ()) -> None:
        self._on_columns = list(on_columns)
        self._found: dict[Remark, tuple[int, int]] = {}

    def add(self, remark: Remark, line: int) -> None:
        """Count a row or a cell."""
        count, first = self._found.get(remark, (0, line))
        self._found[remark] = (count + 1, first)

    def lines(self) -> list[str]:
        """Return a line for each column, and one for each kind of remark."""
        return self._on_columns + [
            f"{remark}: {count:,} (first: line {first})"
            for remark, (count, first) in self._found.items()
        ]
