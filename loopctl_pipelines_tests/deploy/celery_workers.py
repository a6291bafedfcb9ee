"""Redis, and Celery workers as deploy/ starts them."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Self

import psutil
import yaml

from loopctl_pipelines_tests.deploy.files import DEPLOY, read, services


class Worker(AbstractContextManager["Worker"]):
    """A worker with one place, and its process group."""

    def __init__(self, name: str, environment: Mapping[str, str], folder: Path) -> None:
        program, *arguments = services()["worker"]["command"]
        arguments[arguments.index("--concurrency") + 1] = "1"
        self._log = folder / f"{name}.log"
        with self._log.open("w") as log:
            self._process = subprocess.Popen(
                [str(Path(sys.executable).with_name(program)), *arguments, "-n", f"{name}@%h"],
                env=environment,
                cwd=folder,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def __enter__(self) -> Self:
        until(lambda: " ready." in self._log.read_text())
        return self

    def has(self, pid: int) -> bool:
        """Return whether a process is the worker's."""
        return self._process.pid in {parent.pid for parent in psutil.Process(pid).parents()}

    def kill(self) -> None:
        """Kill it with the run that it works on, as a machine that loses its power does."""
        processes = psutil.Process(self._process.pid).children(recursive=True)
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        until(lambda: not any(map(_lives, processes)))

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:
            self.kill()


@contextmanager
def redis() -> Iterator[dict[str, str]]:
    """Start Redis on a socket; give the variables that lead to it."""
    program = shutil.which("redis-server")
    assert program, "apt-get install redis-server"
    # the path of a socket may have about 100 characters
    with TemporaryDirectory() as folder:
        path = f"{folder}/redis.sock"
        process = subprocess.Popen(
            [program, "--port", "0", "--unixsocket", path, "--save", "", "--dir", folder],
            stdout=subprocess.DEVNULL,
        )
        try:
            until(lambda: _answers(path))
            yield {
                "CELERY_BROKER_URL": f"redis+socket://{path}?virtual_host=0",
                "CELERY_RESULT_BACKEND": f"redis+socket://{path}?virtual_host=1",
            }
        finally:
            process.kill()
            process.wait()


@contextmanager
def workers(environment: Mapping[str, str], folder: Path) -> Iterator[list[Worker]]:
    """Start two workers."""
    with ExitStack() as stack:
        yield [stack.enter_context(Worker(name, environment, folder)) for name in ("one", "other")]


def write_instance(home: Path) -> None:
    """Write the instance for Celery into a DAGSTER_HOME, without the queue that needs a daemon."""
    instance = read(DEPLOY / "dagster.celery.yaml")
    del instance["concurrency"]
    instance["run_coordinator"]["class"] = "DefaultRunCoordinator"
    home.mkdir()
    (home / "dagster.yaml").write_text(yaml.safe_dump(instance))


def until(holds: Callable[[], object]) -> None:
    """Wait until something holds; the test's own limit ends it."""
    while not holds():
        time.sleep(0.1)


def _lives(process: psutil.Process) -> bool:
    try:
        # nobody may wait for one that has lost its parent
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _answers(path: str) -> bool:
    with socket.socket(socket.AF_UNIX) as client:
        return client.connect_ex(path) == 0
