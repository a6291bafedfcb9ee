"""What search has to know about the database as a whole."""

from typing import Final

from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.database.statements import statement

_ITERATIVE_SCAN_SINCE: Final = (0, 8)


def has_iterative_scan(database: Database) -> bool:
    """Return whether pgvector can go on with a scan of its index until enough rows fit a filter.

    Without that (before 0.8), an approximate search finds nothing for a small tenant.
    """
    with database.operator_transaction() as connection:
        row = connection.execute(statement(__package__, "pgvector_version")).fetchone()
    version = str(row[0]) if row else "0"
    return tuple(int(part) for part in version.split(".")[:2]) >= _ITERATIVE_SCAN_SINCE
