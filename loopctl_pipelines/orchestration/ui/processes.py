"""Opens the Dagster UI with its daemon, once per LOOPCTL_HOME, and ends all their processes.

`dagster dev` starts the same, but its webserver has no guard, and processes outlive its end.
"""

import fcntl
import os
import signal
import socket
import sys
import sysconfig
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Final, NoReturn

import psutil

from loopctl_pipelines.database.private_folders import open_lock_file
from loopctl_pipelines.orchestration.errors import UiAlreadyOpenError, UiEndedError
from loopctl_pipelines.orchestration.instance import dagster_home
from loopctl_pipelines.orchestration.ui.addresses import origin
from loopctl_pipelines.orchestration.ui.listening import listen
from loopctl_pipelines.orchestration.ui.process_sessions import ENDING_SIGNALS, ProcessSessions

_CODE_SERVER: Final = "code server"
_DEFINITIONS: Final = "loopctl_pipelines.definitions"
# not imported: it would bring Dagster's webserver into this process
_WEBSERVER: Final = "loopctl_pipelines.orchestration.ui.webserver"
_WORKSPACE: Final = """load_from:
  - grpc_server:
      socket: {socket}
      location_name: {location}
"""
_POLL_SECONDS: Final = 0.2


def open_ui(  # noqa: PLR0913 - the options of a server
    home: Path,
    environment: Mapping[str, str],
    *,
    host: str,
    port: int,
    read_only: bool,
    log_format: str,
) -> None:
    """Run code server, webserver and daemon until a signal ends this process.

    Args:
        home: LOOPCTL_HOME.
        environment: variables of the processes, with LOOPCTL_DATABASE_URL and LOOPCTL_DAGSTER_URL.
        host: where to listen.
        port: where to listen.
        read_only: whether the UI refuses changes; schedules and sensors go on.
        log_format: text or json.

    Raises:
        UiAlreadyOpenError: if it is open on the same folder: two daemons on one storage would
            start runs twice.
        UiAddressError: if the address cannot be listened on.
        UiEndedError: if one of the processes ends by itself.
        KeyboardInterrupt: if a signal ended it. Runs under way are interrupted, and fail.
    """
    folder = dagster_home(home)
    logs = ["--log-format", "json"] if log_format == "json" else []
    with (
        _only_one(home.absolute() / "ui.lock", origin("http", host, port)) as lock,
        closing(listen(host, port)) as listening,
        # not in LOOPCTL_HOME: the path of a socket may have about 100 characters
        tempfile.TemporaryDirectory(prefix="loopctl-ui-") as files,
        # not in the project's folder: Dagster would warn about a dagster.yaml there
        _sessions(folder, {**environment, "DAGSTER_HOME": str(folder)}) as sessions,
    ):
        code_server = Path(files) / "code-server.sock"
        workspace = Path(files) / "workspace.yaml"
        workspace.write_text(_WORKSPACE.format(socket=code_server, location=_DEFINITIONS))
        _start_code_server(sessions, code_server, logs)
        options = [*logs, "--read-only"] if read_only else logs
        _start_webserver(sessions, workspace, listening, (host, port), options)
        _start_daemon(sessions, workspace, lock, logs)
        _keep_running(sessions, code_server, logs)


@contextmanager
def _sessions(folder: Path, environment: Mapping[str, str]) -> Iterator[ProcessSessions]:
    sessions = ProcessSessions(folder, environment)
    try:
        yield sessions
    finally:
        # another signal must not leave some of them behind; the end takes seconds
        before = {sign: signal.signal(sign, signal.SIG_IGN) for sign in ENDING_SIGNALS}
        sessions.end()
        for sign, handler in before.items():
            signal.signal(sign, handler)


def _start_code_server(sessions: ProcessSessions, path: Path, logs: Sequence[str]) -> None:
    command = [sys.executable, "-m", "dagster", "code-server", "start", "--log-level", "warning"]
    command += ["-m", _DEFINITIONS, "--location-name", _DEFINITIONS, "--socket", str(path)]
    # the runs start with the same interpreter, not with a `dagster` in PATH
    command += ["--use-python-environment-entry-point", *logs]
    sessions.start(_CODE_SERVER, command)
    while not _answers(path):
        time.sleep(_POLL_SECONDS)
        if (ended := sessions.ended()) is not None:
            raise UiEndedError(ended)


def _start_webserver(
    sessions: ProcessSessions,
    workspace: Path,
    listening: socket.socket,
    address: tuple[str, int],
    options: Sequence[str],
) -> None:
    host, port = address
    command = [sys.executable, "-m", _WEBSERVER, "--workspace", str(workspace)]
    command += ["--host", host, "--port", str(port), "--descriptor", str(listening.fileno())]
    command += options
    sessions.start("webserver", command, descriptors=[listening.fileno()])


def _start_daemon(
    sessions: ProcessSessions, workspace: Path, lock: int, logs: Sequence[str]
) -> None:
    program = str(Path(sysconfig.get_path("scripts")) / "dagster-daemon")
    command = [program, "run", "--log-level", "warning", "-w", str(workspace), *logs]
    # it holds the lock as well: if this process alone is killed, no second daemon starts beside it
    sessions.start("daemon", command, descriptors=[lock])


def _keep_running(sessions: ProcessSessions, code_server: Path, logs: Sequence[str]) -> NoReturn:
    while True:
        time.sleep(_POLL_SECONDS)
        ended = sessions.ended()
        if ended is None:
            continue
        if ended != _CODE_SERVER:
            raise UiEndedError(ended)
        # a request to the UI can shut it down, and it may run out of memory
        _start_code_server(sessions, code_server, logs)


def _answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as client:
        return client.connect_ex(str(path)) == 0


@contextmanager
def _only_one(path: Path, address: str) -> Iterator[int]:
    lock = open_lock_file(path)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UiAlreadyOpenError(path.read_text(), _holders(path)) from None
        os.truncate(lock, 0)
        os.write(lock, address.encode())
        yield lock
    finally:
        os.close(lock)


def _holders(path: Path) -> list[int]:
    """Return the processes that have the lock: the command, and its daemon."""
    real, holders = str(path.resolve()), []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if process.pid != os.getpid() and any(f.path == real for f in process.open_files()):
                holders.append(process.pid)
    return holders
