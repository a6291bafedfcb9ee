"""Writes rows as CSV. Pure."""

import csv
import io
from collections.abc import Iterable
from typing import IO, Final

from loopctl_pipelines.exporting.summary_row import HEADERS, SummaryRow
from loopctl_pipelines.terminal_text import visible

# full-width forms count: spreadsheets read them as the usual ones
_FORMULA: Final = tuple("=+-@\uff1d\uff0b\uff0d\uff20")


def write_csv(rows: Iterable[SummaryRow], file: IO[bytes]) -> None:
    """Write a header and the rows, in UTF-8, with commas and line feeds.

    A text that a spreadsheet would run as a formula begins with an apostrophe; control characters
    are escaped. Numbers are as they are.
    """
    text = io.TextIOWrapper(file, encoding="utf-8", newline="", write_through=False)
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(HEADERS)
    writer.writerows(map(_cells, rows))
    text.flush()
    # the caller closes the file
    text.detach()


def _cells(row: SummaryRow) -> tuple[object, ...]:
    return (
        _text(row.tenant),
        row.day_utc,
        row.scope,
        row.scope_id,
        _text(row.scope_name),
        _text(row.model),
        _text(row.phase),
        f"{row.cost_usd:f}",
        row.cost_millicents,
        row.input_tokens,
        row.output_tokens,
        str(row.stale).lower(),
    )


def _text(text: str) -> str:
    shown = visible(text)
    # a program may strip the spaces before it looks at the first character
    return f"'{shown}" if shown.lstrip().startswith(_FORMULA) else shown
