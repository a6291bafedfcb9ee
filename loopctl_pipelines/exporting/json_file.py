"""Writes rows as JSON. Pure."""

import json
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import IO
from uuid import UUID

from loopctl_pipelines.exporting.summary_row import HEADERS, SummaryRow


def write_json(rows: Iterable[SummaryRow], file: IO[bytes]) -> None:
    """Write one list of objects, a row on each line. Ids, days and dollars are text."""
    before = b"[\n"
    for row in rows:
        values = {name: getattr(row, name) for name in HEADERS}
        file.write(before + json.dumps(values, default=_as_text).encode())
        before = b",\n"
    file.write(b"[]\n" if before == b"[\n" else b"\n]\n")


def _as_text(value: object) -> str:
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, date | UUID):
        return str(value)
    raise TypeError(type(value).__name__)
