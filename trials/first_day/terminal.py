"""A person's terminal: bash, a folder, and the variables that were exported in it."""

import os
import re
import signal
import socket
import subprocess
import tempfile
import textwrap
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Final

from loopctl_pipelines_tests.cli.dev_process import Dev
from trials.first_day.day import Day, Step
from trials.first_day.documentation import REPOSITORY

_SYSTEM_PATH: Final = "/usr/local/bin:/usr/bin:/bin"
_UI_SECONDS: Final = 120.0


@dataclass
class Terminal:
    """Runs command lines.

    Attributes:
        who: its name in the report.
        folder: where commands run; `.venv` is in it.
        day: where the steps are noted.
    """

    who: str
    folder: Path
    day: Day

    def __post_init__(self) -> None:
        """Begin with the environment of a machine on which nothing is set."""
        self._environment = {
            "HOME": str(self.folder),
            "PATH": f"{REPOSITORY / '.venv' / 'bin'}:{_SYSTEM_PATH}",
            "LANG": "C.UTF-8",
            "COLUMNS": "120",
        }

    def run(
        self,
        command: str,
        put_in: Mapping[str, str] | None = None,
        *,
        code: int = 0,
        shows: str = "",
    ) -> str:
        """Run a command line to its end; return what it printed.

        Args:
            command: as documented.
            put_in: what a person writes in place of a placeholder.
            code: the documented exit code.
            shows: a regular expression of what it prints, as documented.
        """
        for placeholder, own in (put_in or {}).items():
            assert placeholder in command, (placeholder, command)
            command = command.replace(placeholder, own)
        if command.startswith("export "):
            self._export(command)
            return ""
        with tempfile.TemporaryFile("w+") as output:
            started = time.monotonic()
            process = self._start(command, output.fileno())
            found, processor_seconds = _wait(process)
            seconds = time.monotonic() - started
            output.seek(0)
            printed = output.read()
        wrong = "" if found == code else f"the exit code should be {code}"
        if not wrong and not re.search(shows, printed):
            wrong = f"it does not print {shows!r}"
        print(textwrap.indent(printed, "    "), end="", flush=True)
        self.day.add(Step(self.who, command, found, processor_seconds, seconds, wrong))
        return printed

    @contextmanager
    def opened(self, command: str) -> Iterator[Dev]:
        """Run `dev` until the block ends, on a port that is free; then press Ctrl-C."""
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        command, started = f"{command} --port {port}", time.monotonic()
        printed = self.folder / f"dev-{port}.log"
        with printed.open("w") as output:
            process = self._start(command, output.fileno())
        dev = Dev(process, port, printed)
        try:
            answers = _answers(dev)
            yield dev
        finally:
            descendants = dev.descendants()
            process.send_signal(signal.SIGINT)
            found, processor_seconds = _wait(process)
            seconds = time.monotonic() - started
        left = [each.pid for each in descendants if each.is_running()]
        wrong = "" if answers else f"the UI did not answer\n{printed.read_text()}"
        if found != 128 + signal.SIGINT or left:
            wrong = f"Ctrl-C should end it with exit code 130, and its processes; left: {left}"
        self.day.add(Step(self.who, command, found, processor_seconds, seconds, wrong))

    def _export(self, command: str) -> None:
        printed = subprocess.run(  # noqa: S603 - a command of the documentation
            ["bash", "-c", f"{command}; env -0"],  # noqa: S607 - as a person's terminal finds it
            env=self._environment,
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        self._environment = dict(pair.split("=", 1) for pair in printed.split("\0") if pair)
        self.day.add(Step(self.who, command, 0, 0.0, 0.0, ""))

    def _start(self, command: str, output: int) -> "subprocess.Popen[str]":
        return subprocess.Popen(  # noqa: S603 - a command of the documentation
            ["bash", "-c", command],  # noqa: S607 - as a person's terminal finds it
            cwd=self.folder,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            text=True,
        )


def _wait(process: "subprocess.Popen[str]") -> tuple[int, float]:
    """Return exit code, as bash has it, and seconds of processor time."""
    _, status, used = os.wait4(process.pid, 0)
    code = os.waitstatus_to_exitcode(status)
    process.returncode = code
    return (code if code >= 0 else 128 - code), used.ru_utime + used.ru_stime


def _answers(dev: Dev) -> bool:
    limit = time.monotonic() + _UI_SECONDS
    while time.monotonic() < limit and dev.command.poll() is None:
        try:
            return dev.http("GET", "/server_info")[0] == HTTPStatus.OK
        except OSError:
            time.sleep(0.3)
    return False
