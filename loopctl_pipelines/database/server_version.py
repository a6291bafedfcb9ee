"""Which PostgreSQL servers are supported."""

from psycopg import Connection
from psycopg.rows import TupleRow

from loopctl_pipelines.database.errors import DatabaseTooOldError

_OLDEST_SERVER = 150000


def check_server(connection: Connection[TupleRow]) -> None:
    """Reject a server older than PostgreSQL 15.

    Raises:
        DatabaseTooOldError: naming its version.
    """
    version = connection.info.server_version
    if version < _OLDEST_SERVER:
        raise DatabaseTooOldError(
            f"The server is PostgreSQL {version // 10000}; 15 or newer is needed."
        )
