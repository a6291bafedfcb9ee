"""The files and the process of the embedded server: creates, starts and stops a cluster."""

import os
import shlex
import shutil
import tempfile
import time
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Final
from urllib.parse import quote

import psutil
import psycopg

from loopctl_pipelines.database.errors import EmbeddedServerError
from loopctl_pipelines.database.server_account import account_for, place_cluster
from loopctl_pipelines.database.server_programs import place_programs

PROGRAM_SECONDS: Final = 120.0
"""How long one of PostgreSQL's programs may take."""

_ANSWER_SECONDS = 60.0
_LONGEST_SOCKET_FOLDER = 107 - len("/.s.PGSQL.5432")


class Cluster:
    """The files and the process of one server. The caller holds `postgres.lock`."""

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
        """Return the libpq URL of a database; only the account can enter the socket's folder."""
        return f"postgresql://postgres@/{quote(database)}?host={quote(str(self._socket), safe='')}"

    def run(self) -> None:
        """Create the cluster if it is missing, and start the server unless it runs."""
        if not (self._data / "PG_VERSION").exists():
            self._initialize()
        self._account.make_private_folder(self._socket)
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
        made = self._account.run([program, "-D", str(unfinished), *options], PROGRAM_SECONDS)
        if made.returncode != 0:
            last = (made.stderr.strip().splitlines() or ["no message"])[-1]
            raise EmbeddedServerError(f"The embedded PostgreSQL could not be set up: {last}")
        unfinished.rename(self._data)

    def _owner_of_data(self) -> psutil.Process | None:
        """Return the process of this cluster's server, whether or not it answers yet."""
        try:
            server = psutil.Process(int((self._data / "postmaster.pid").read_text().split()[0]))
            # after a reboot the process id may belong to another program
            return server if str(self._data) in server.cmdline() else None
        except (OSError, ValueError, IndexError, psutil.Error):
            return None

    def _forget_dead_server(self) -> None:
        # children of a killed server may still write, and would corrupt a new server's cluster
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
        done = self._account.run([program, "-D", str(self._data), *arguments], PROGRAM_SECONDS)
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
