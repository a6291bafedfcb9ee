"""Writes an export to a stream or a file."""

import os
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from enum import StrEnum
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import IO, Final

from loopctl_pipelines.exporting.csv_file import write_csv
from loopctl_pipelines.exporting.errors import UnwritableFileError
from loopctl_pipelines.exporting.json_file import write_json
from loopctl_pipelines.exporting.parquet_file import write_parquet
from loopctl_pipelines.exporting.summary_row import SummaryRow, Totals


class FileFormat(StrEnum):
    """How an export is written."""

    CSV = "csv"
    JSON = "json"
    PARQUET = "parquet"


_WRITERS: Final[Mapping[FileFormat, Callable[[Iterable[SummaryRow], IO[bytes]], None]]] = {
    FileFormat.CSV: write_csv,
    FileFormat.JSON: write_json,
    FileFormat.PARQUET: write_parquet,
}


def export(
    rows: Iterable[SummaryRow], file_format: FileFormat, file: IO[bytes]
) -> Mapping[str, Totals]:
    """Write the rows as they come; return what they add up to, by scope.

    Raises:
        MissingExtraError: if the format needs a package that is not installed.
    """
    totals: defaultdict[str, Totals] = defaultdict(Totals)
    _WRITERS[file_format](_counted(rows, totals), file)
    return totals


@contextmanager
def whole_file(path: Path) -> Iterator[IO[bytes]]:
    """Give a file that gets its name when the block ends well; otherwise nothing is left.

    It is readable by its account only, because it has the costs of tenants.

    Raises:
        UnwritableFileError: if it cannot be created, or the disk is full.
    """
    try:
        with NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
            try:
                yield file
                file.close()
                Path(file.name).replace(path)
            except BaseException:
                with suppress(FileNotFoundError):
                    os.unlink(file.name)  # noqa: PTH108
                raise
    except OSError as error:
        raise UnwritableFileError(path.name, error) from None


def _counted(rows: Iterable[SummaryRow], totals: Mapping[str, Totals]) -> Iterator[SummaryRow]:
    for row in rows:
        totals[row.scope].add(row)
        yield row
