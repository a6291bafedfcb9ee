"""Reads CSV of any delimiter. Pure.

The standard library's reader keeps cells as text, so decimals stay exact, and knows their lines.
"""

import csv
import re
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Final

from loopctl_pipelines.loading.errors import UsageFileError
from loopctl_pipelines.loading.records import Record, RecordFile

_DELIMITERS: Final = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
# the first line of files for Excel may name the delimiter
_NAMED: Final = re.compile(r'"?sep=([,;\t|])"?\s*', re.IGNORECASE)


def open_csv(lines: Iterable[str]) -> RecordFile:
    """Read the header; its most frequent delimiter is that of the file, unless `sep=` names one.

    Raises:
        UsageFileError: naming the line that is not CSV, also while the records are read.
    """
    lines = iter(lines)
    first = next(lines, "")
    named = _NAMED.fullmatch(first)
    if named:
        delimiter, rows = named[1], _rows(lines, named[1], first_line=2)
    else:
        delimiter = max(_DELIMITERS, key=first.count)
        rows = _rows(chain([first], lines), delimiter, first_line=1)
    _, cells = next(rows, (1, []))
    columns = tuple(cell.strip() for cell in cells)
    return RecordFile(
        dialect=f"CSV with {_DELIMITERS[delimiter]}",
        columns=columns,
        is_json=False,
        records=_records(rows, columns),
    )


def _records(rows: Iterator[tuple[int, list[str]]], columns: tuple[str, ...]) -> Iterator[Record]:
    for line, cells in rows:
        if len(cells) != len(columns):
            raise UsageFileError(
                f"Line {line} has {len(cells)} fields, the header {len(columns)}. "
                "Correct the line. Nothing was loaded."
            )
        yield line, dict(zip(columns, cells, strict=True))


def _rows(
    lines: Iterable[str], delimiter: str, *, first_line: int
) -> Iterator[tuple[int, list[str]]]:
    """Yield non-empty rows with the line they begin at."""
    reader = csv.reader(lines, delimiter=delimiter, skipinitialspace=True, strict=True)
    while True:
        line = reader.line_num + first_line
        try:
            cells = next(reader, None)
        except csv.Error:
            raise UsageFileError(f"Line {line} is not CSV. Nothing was loaded.") from None
        if cells is None:
            return
        if cells:
            yield line, cells
