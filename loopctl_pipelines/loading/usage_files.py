"""Reads a usage file, CSV or JSON, into rows with ids. Pure."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from loopctl_pipelines.loading.csv_records import open_csv
from loopctl_pipelines.loading.json_records import is_json, open_json
from loopctl_pipelines.loading.reading_options import ReadingOptions
from loopctl_pipelines.loading.records import RecordFile
from loopctl_pipelines.loading.remarks import Remarks
from loopctl_pipelines.loading.row_reader import RowReader
from loopctl_pipelines.loading.text_files import TextFile, inspect
from loopctl_pipelines.loading.usage_columns import find_columns
from loopctl_pipelines.loading.usage_row import UsageRow

_START: Final = 4096
USUAL: Final = ReadingOptions()


@dataclass(frozen=True, slots=True)
class UsageFile:
    """What a file holds.

    Attributes:
        dialect: how it is written, for people.
        columns: the column of each field that has one.
        rows: those that are loaded, in the file's order.
        remarks: what a person should know of the others, a line each.
    """

    dialect: str
    columns: Mapping[str, str]
    rows: tuple[UsageRow, ...]
    remarks: tuple[str, ...]


def read_usage_file(path: Path, options: ReadingOptions = USUAL) -> UsageFile:
    """Read a whole file: CSV of any delimiter, or JSON; packed or not; in any encoding.

    Raises:
        UsageFileError: naming the line, the column and the value that cannot be read.
    """
    text_file = inspect(path, options.encoding)
    with _records(text_file) as file:
        found = find_columns(
            file.columns,
            options.columns,
            options.preset,
            needs_story=options.story_default is None,
        )
        remarks = Remarks(found.remarks)
        decimal = "." if file.is_json else options.decimal
        reader = RowReader(found.of, replace(options, decimal=decimal), remarks)
        rows = tuple(row for record in file.records if (row := reader.read(record)) is not None)
    mark = "" if file.is_json else f", decimal mark {decimal or '.'!r}"
    return UsageFile(
        dialect=f"{file.dialect}{mark}, {text_file.encoding}, {text_file.packing}",
        columns=found.of,
        rows=rows,
        remarks=tuple(remarks.lines()),
    )


@contextmanager
def _records(text_file: TextFile) -> Iterator[RecordFile]:
    with ExitStack() as open_files:
        lines = open_files.enter_context(text_file.lines())
        start = lines.read(_START)
        lines.seek(0)
        if is_json(start):
            yield open_json(lambda: open_files.enter_context(text_file.lines()))
        else:
            yield open_csv(lines)
