"""The failed requests of a run as a table, as the Dagster UI shows it."""

from collections.abc import Mapping
from typing import Final

from dagster import MetadataValue, TableColumn, TableRecord, TableSchema

_SCHEMA: Final = TableSchema(
    columns=[TableColumn("failure", "string"), TableColumn("requests", "int")]
)


def failed_requests(failures: Mapping[str, int]) -> dict[str, MetadataValue]:
    """Return the metadata entry; none if no request failed.

    Args:
        failures: how often each failure occurred, by its tag.
    """
    if not failures:
        return {}
    rows = [
        TableRecord({"failure": tag, "requests": count}) for tag, count in sorted(failures.items())
    ]
    return {"failed requests": MetadataValue.table(rows, _SCHEMA)}
