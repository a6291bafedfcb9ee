"""What a sharded PostgreSQL (Citus) needs, so that a tenant's transaction reaches its shards."""

from dataclasses import dataclass

from psycopg import Connection
from psycopg.rows import TupleRow, class_row

from loopctl_pipelines.database.errors import NotShardedError
from loopctl_pipelines.database.statements import statement
from loopctl_pipelines.database.table_use import TableUse

_PROPAGATED = "local"


@dataclass(frozen=True, slots=True)
class _Sharding:
    can_log_in: bool
    propagated: str | None
    undistributed: list[str]

    def problem(self, role: str) -> str | None:
        if not self.can_log_in:
            return f"the role {role!r} may not log in, which it has to on the workers"
        if self.propagated != _PROPAGATED:
            return (
                "citus.propagate_set_commands is not 'local', so that the workers do not know the "
                "tenant and show none of its rows"
            )
        if self.undistributed:
            return f"these tables are on no shard: {', '.join(self.undistributed)}"
        return None


def is_sharded(connection: Connection[TupleRow]) -> bool:
    """Return whether the database is a coordinator of Citus."""
    found = connection.execute("SELECT FROM pg_extension WHERE extname = 'citus'")
    return found.fetchone() is not None


def check_sharding(connection: Connection[TupleRow], role: str, tables: TableUse) -> None:
    """Reject a sharded database in which the role would silently see no row; accept a plain one.

    Args:
        connection: in a transaction whose settings are pinned.
        role: of the tenants' transactions.
        tables: the needs of the work.

    Raises:
        NotShardedError: with the command.
    """
    if not is_sharded(connection):
        return
    asked = {"role": role, "tables": [*tables.read, *tables.written, *tables.appended]}
    cursor = connection.cursor(row_factory=class_row(_Sharding))
    sharding = cursor.execute(statement(__package__, "sharding"), asked).fetchone()
    problem = sharding.problem(role) if sharding else None
    if problem:
        raise NotShardedError(
            f"The database is sharded by Citus, but {problem}. Run deploy/citus/distribute.sql as "
            "a superuser."
        )
