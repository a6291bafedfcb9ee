"""Runs the command line as a process of its own."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from loopctl_pipelines_tests import warm_commands
from loopctl_pipelines_tests.warm_process import WarmProcess

_PROGRAM = [sys.executable, "-c", "from loopctl_pipelines.cli import main; main()"]


class Shell:
    """Runs commands on one database, with Dagster's storage beside it."""

    def __init__(self, home: Path, **settings: str) -> None:
        self._home = home
        self._settings = settings
        self._environment = {
            **{k: v for k, v in os.environ.items() if not k.startswith(("LOOPCTL", "DAGSTER"))},
            "LOOPCTL_HOME": str(home),
            "COLUMNS": "80",
            **settings,
        }

    def with_settings(self, **settings: str) -> "Shell":
        """Return a shell whose environment has these settings as well."""
        return Shell(self._home, **{**self._settings, **settings})

    def start(self, *arguments: str) -> WarmProcess:
        """Start a command; what it says goes into two pipes."""
        return warm_commands.start(warm_commands.command(list(arguments), self._environment))

    def start_program(self, *arguments: str, output: IO[str]) -> "subprocess.Popen[str]":
        """Start a command as a shell does, with an interpreter of its own; it prints to a file."""
        return subprocess.Popen(
            [*_PROGRAM, *arguments],
            env=self._environment,
            stdout=output,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self, *arguments: str) -> tuple[int, str, str]:
        """Run a command to its end; return its status, output and errors."""
        return warm_commands.run(warm_commands.command(list(arguments), self._environment))


@contextmanager
def ignored(*signs: signal.Signals) -> Iterator[None]:
    """Ignore these signals, and no others that end a command, in processes started meanwhile.

    The tests themselves may run below `nohup`, which hands on that SIGHUP is ignored.
    """
    ending = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {sign: signal.getsignal(sign) for sign in ending}
    for sign in ending:
        signal.signal(sign, signal.SIG_IGN if sign in signs else signal.SIG_DFL)
    try:
        yield
    finally:
        for sign, handler in before.items():
            signal.signal(sign, handler)
