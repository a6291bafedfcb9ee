"""Runs the day where nothing is set; exit code 1 if a command does not do what is documented."""

import sys
import tempfile
from pathlib import Path

from psutil import process_iter
from rich.console import Console

from loopctl_pipelines_tests.alerts.http_target import HttpTarget
from loopctl_pipelines_tests.database.password_server import password_server
from trials.first_day.attached import (
    attach,
    compute_with_alerts,
    export_and_load_again,
    load_exports,
    look,
)
from trials.first_day.day import Day
from trials.first_day.documentation import REPOSITORY
from trials.first_day.own_file import load_own_file
from trials.first_day.sample_files import write_sample_files
from trials.first_day.terminal import Terminal

_WIDTH = 150


def first_day() -> Day:
    """Do all of it, in a folder that is removed afterwards."""
    day = Day()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        # the account of the embedded server must reach it
        folder.chmod(0o755)
        (folder / ".venv").symlink_to(REPOSITORY / ".venv")
        write_sample_files(folder)
        load_own_file(Terminal("newcomer", folder, day))
        owner, operator = Terminal("owner", folder, day), Terminal("operator", folder, day)
        with password_server("pginstall") as port, HttpTarget() as target:
            attach(port, owner, operator)
            load_exports(owner)
            compute_with_alerts(operator, port, target)
            look(operator)
            export_and_load_again(operator, Terminal("elsewhere", folder, day), port)
        left = [
            each.pid for each in process_iter(["cmdline"]) if _is_of(each.info["cmdline"], name)
        ]
        day.compare("processes left", left, [])
    return day


def _is_of(arguments: list[str] | None, folder: str) -> bool:
    return any(folder in argument for argument in arguments or [])


if __name__ == "__main__":
    the_day = first_day()
    the_day.show(Console(width=_WIDTH))
    if not the_day.is_as_documented:
        sys.exit(1)
