"""Commands of loopctl-pipelines as processes of their own that do not import Dagster anew.

A server process has imported everything and forks for each command, so that a hundred of them fit
into minutes. What runs is what the program runs.
"""

import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from multiprocessing import get_context
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Final

import psutil

_PRELOADED: Final = [
    "loopctl_pipelines.cli.backfill",
    "loopctl_pipelines.cli.embed",
    "loopctl_pipelines.cli.ingest",
    "loopctl_pipelines.cli.load",
    "loopctl_pipelines.cli.project",
    "loopctl_pipelines.definitions",
    "loopctl_pipelines.orchestration.heartbeats.dead_runs",
    "trials.commands",
    "trials.extraction_run",
]
LIMIT_SECONDS: Final = 300.0
"""No judgement about a time: a limit for what would otherwise never end."""


@dataclass(frozen=True)
class Command:
    """A running command."""

    process: BaseProcess
    printed: Path

    def kill(self) -> tuple[bool, list[psutil.Process]]:
        """Kill it; return whether it was still running, and what it leaves behind."""
        try:
            children = psutil.Process(self.process.pid).children(recursive=True)
        except psutil.NoSuchProcess:
            children = []
        self.process.kill()
        self.process.join()
        _, left = psutil.wait_procs(children, timeout=5)
        return self.process.exitcode == -signal.SIGKILL, left

    def wait(self) -> int | None:
        """Return its exit code; None if it does not end, and then it is killed."""
        self.process.join(LIMIT_SECONDS)
        code = self.process.exitcode
        if code is None:
            self.kill()
        return code

    @property
    def has_begun(self) -> bool:
        """Whether it has shown its progress."""
        return "\u2501" in self.printed.read_text(errors="replace")

    @property
    def last_words(self) -> str:
        """The last line that it printed."""
        lines = self.printed.read_text(errors="replace").replace("\r", "\n").splitlines()
        return next((line.strip() for line in reversed(lines) if line.strip()), "nothing")

    @property
    def traceback(self) -> str:
        """What it printed from the first traceback on; empty without one."""
        _, found, rest = self.printed.read_text(errors="replace").partition("Traceback (")
        return f"\n{found}{rest}" if found else ""


class Commands:
    """Starts commands in one environment."""

    def __init__(self, environment: Mapping[str, str], folder: Path) -> None:
        """Take their environment, and the folder for what they print."""
        self._environment = {**environment, "COLUMNS": "300"}
        self._folder = folder
        self._numbers = count()
        self._forks = get_context("forkserver")
        self._forks.set_forkserver_preload(_PRELOADED)

    def start(self, *arguments: str) -> Command:
        """Start a command; an unexpected error shows its traceback."""
        return self._start(_command, arguments, arguments[0])

    def start_extraction(self, slugs: Sequence[str]) -> Command:
        """Start a run of `extract_articles` over tenants, as the sensor requests it."""
        return self._start(_extraction, slugs, "extraction")

    def _start(
        self, program: Callable[[Sequence[str]], None], arguments: Sequence[str], name: str
    ) -> Command:
        printed = self._folder / f"{next(self._numbers)}-{name}.txt"
        printed.touch()
        work = (program, arguments, self._environment, printed)
        process = self._forks.Process(target=_run, args=work)
        process.start()
        return Command(process, printed)


def _run(
    program: Callable[[Sequence[str]], None],
    arguments: Sequence[str],
    environment: Mapping[str, str],
    printed: Path,
) -> None:
    with printed.open("w") as output:
        os.dup2(output.fileno(), 1)
        os.dup2(output.fileno(), 2)
    os.environ.clear()
    os.environ.update(environment)
    program(arguments)


def _command(arguments: Sequence[str]) -> None:
    from loopctl_pipelines.cli import main  # noqa: PLC0415 - in the process that forks

    sys.argv = ["loopctl-pipelines", "--traceback", *arguments]
    main()


def _extraction(slugs: Sequence[str]) -> None:
    from trials.extraction_run import extract  # noqa: PLC0415 - in the process that forks

    extract(slugs)
