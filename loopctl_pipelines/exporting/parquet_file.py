"""Writes rows as Parquet. Pure."""

from collections.abc import Iterable
from itertools import islice
from typing import IO, Final

from loopctl_pipelines.exporting.errors import MissingExtraError
from loopctl_pipelines.exporting.summary_row import HEADERS, SummaryRow

_ROWS_PER_GROUP: Final = 50_000


def write_parquet(rows: Iterable[SummaryRow], file: IO[bytes]) -> None:
    """Write the rows in groups, so that memory does not grow with them. Dollars are decimals.

    Raises:
        MissingExtraError: if pyarrow is not installed.
    """
    try:
        # an extra, and slow to import
        import pyarrow as pa  # noqa: PLC0415
        from pyarrow import parquet  # noqa: PLC0415
    except ImportError:
        raise MissingExtraError from None
    types: dict[str, pa.DataType] = {
        **dict.fromkeys(HEADERS, pa.string()),
        **dict.fromkeys(("cost_millicents", "input_tokens", "output_tokens"), pa.int64()),
        "day_utc": pa.date32(),
        # the most digits of a decimal that every reader knows
        "cost_usd": pa.decimal128(38, 5),
        "stale": pa.bool_(),
    }
    schema = pa.schema(list(types.items()))
    remaining = iter(rows)
    with parquet.ParquetWriter(file, schema) as writer:
        while group := list(islice(remaining, _ROWS_PER_GROUP)):
            columns = [
                pa.array([_cell(row, name) for row in group], type=types[name]) for name in HEADERS
            ]
            writer.write_table(pa.Table.from_arrays(columns, schema=schema))


def _cell(row: SummaryRow, name: str) -> object:
    value = getattr(row, name)
    return str(value) if name == "scope_id" else value
