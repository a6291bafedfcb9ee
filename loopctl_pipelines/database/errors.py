"""Reasons why the database cannot be used, one class per reason."""

from typing import Final

from loopctl_pipelines.errors import PipelinesError

NO_MORE_THREADS: Final = (
    "The system lets this process start no more threads. Raise the limit of processes "
    "(ulimit -u, or the container's), or lower LOOPCTL_CONNECTIONS."
)
"""What a failed start of a thread means; threads are started for connections."""


class DatabaseNotUsableError(PipelinesError):
    """The database of LOOPCTL_DATABASE_URL cannot be used."""


class DatabaseUnreachableError(DatabaseNotUsableError):
    """Nothing answers at the URL, or the login is rejected.

    Attributes:
        sqlstate: PostgreSQL's code for this kind of failure.
    """

    def __init__(self, message: str, sqlstate: str = "08001") -> None:
        super().__init__(message)
        self.sqlstate = sqlstate


class DatabaseTooOldError(DatabaseNotUsableError):
    """The server is older than PostgreSQL 15."""


class ExtensionMissingError(DatabaseNotUsableError):
    """pgvector is not installed on the server, or not yet used in the database."""


class NotShardedError(DatabaseNotUsableError):
    """Citus is installed, and not set up for the transactions of tenants."""


class RoleUnfitError(DatabaseNotUsableError):
    """A role has too few rights, or so many that row-level security does not bind it."""


class DatabaseBusyError(DatabaseNotUsableError):
    """The upgrade did not get a lock in time."""


class SchemaMissingError(DatabaseNotUsableError):
    """`loopctl-pipelines db upgrade` has not run on this database."""


class SchemaTooOldError(DatabaseNotUsableError):
    """loopctl's own tables lack a column that this project reads."""


class SchemaTooNewError(DatabaseNotUsableError):
    """A newer version of this project has upgraded the database."""


class EmbeddedServerError(PipelinesError):
    """The embedded PostgreSQL does not start or stop."""
