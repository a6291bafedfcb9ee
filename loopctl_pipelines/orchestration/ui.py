"""Opens the Dagster UI with its daemon, once per LOOPCTL_HOME."""

import fcntl
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from loopctl_pipelines.orchestration.errors import UiAlreadyOpenError
from loopctl_pipelines.orchestration.instance import dagster_home


def open_ui(home: Path, environment: Mapping[str, str], *, host: str, port: int) -> int:
    """Run `dagster dev` until it is interrupted, and return its exit code.

    Args:
        home: LOOPCTL_HOME.
        environment: variables of the processes, with LOOPCTL_DATABASE_URL and LOOPCTL_DAGSTER_URL.
        host: where to listen.
        port: where to listen.

    Raises:
        UiAlreadyOpenError: if it is open on the same folder: two daemons on one storage would
            start runs twice.
    """
    folder = dagster_home(home)
    # the command prints a warning that recommends another tool, before everything else
    command = [sys.executable, "-W", "ignore:Function `dev_command`"]
    command += ["-m", "dagster", "dev", "--log-level", "warning"]
    command += ["-m", "loopctl_pipelines.definitions", "-h", host, "-p", str(port)]
    with _only_one(home.absolute() / "ui.lock", f"http://{host}:{port}"):
        # a background job of a shell ignores SIGINT, and so would the UI, which nothing else ends
        signal.signal(signal.SIGINT, signal.default_int_handler)
        # not in the project's folder: it would warn about a dagster.yaml there
        ui = subprocess.Popen(command, cwd=folder, env={**environment, "DAGSTER_HOME": str(folder)})
        stop = signal.signal(signal.SIGTERM, lambda *_: ui.send_signal(signal.SIGINT))
        try:
            return ui.wait()
        except KeyboardInterrupt:
            # the terminal has interrupted the UI, too; it is shutting down
            return ui.wait()
        finally:
            signal.signal(signal.SIGTERM, stop)


@contextmanager
def _only_one(path: Path, address: str) -> Iterator[None]:
    lock = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UiAlreadyOpenError(path.read_text()) from None
        os.truncate(lock, 0)
        os.write(lock, address.encode())
        yield
    finally:
        os.close(lock)
