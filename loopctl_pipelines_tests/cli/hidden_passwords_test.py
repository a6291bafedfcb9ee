"""No command and no process of Dagster's shows a password, whatever is wrong with the URL."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.database.errors import DatabaseUnreachableError

_REPOSITORY = Path(__file__).parents[2]
FIRST, REST = "zfirstz", "zrestz"
PARTS: Final = {
    "user": "u",
    "password": FIRST,
    "host": "127.0.0.1",
    "port": "1",
    "name": "d",
    "parameter": "application_name",
    "value": "v",
}
# names of these are shown when nothing answers there
SHOWN: Final = ("user", "host", "name")
COMMANDS: Final = (
    ("check",),
    ("tenants", "sync"),
    ("backfill", "--from", "2026-04-01", "--to", "2026-04-01"),
    ("embed",),
    ("load", __file__),
    ("anomalies",),
    ("anomalies", "resolve", "00000000-0000-0000-0000-000000000000"),
    ("breaker", "show", "acme"),
    ("breaker", "reset", "acme"),
    ("api",),
    ("db", "upgrade"),
    ("export", "--from", "2026-04-01", "--to", "2026-04-01"),
    ("demo",),
    ("dev",),
)
# importing Dagster takes seconds: one process runs all commands on all URLs
_EVERY_URL: Final = """
import json, logging, os, sys
from loopctl_pipelines.cli import main
logging.basicConfig(level=logging.DEBUG)
setting = sys.argv[1]
for url, arguments in json.load(sys.stdin):
    os.environ[setting] = url
    sys.argv = ["loopctl-pipelines", *arguments]
    try:
        main()
    except SystemExit as ended:
        assert ended.code == 1, (url, arguments)
"""


def _urls() -> Iterator[tuple[str, str]]:
    """Yield each part that has an odd character, and the URL."""
    for part in PARTS:
        for odd in ("%", " ", "@", ":", "/", "#", "\n"):
            parts = {**PARTS, part: f"{PARTS[part]}{odd}{REST}"}
            yield (
                part,
                "postgresql://{user}:{password}@{host}:{port}/{name}?{parameter}={value}".format(
                    **parts
                ),
            )


def _output(environment: dict[str, str], command: list[str], given: str = "") -> str:
    done = subprocess.run(
        command,
        input=given,
        env={**_inherited(), **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return f"{done.stdout}\n(exit code {done.returncode})"


def _inherited() -> dict[str, str]:
    return {k: v for k, v in os.environ.items() if not k.startswith(("LOOPCTL", "DAGSTER"))}


def _files(home: Path) -> str:
    return "".join(path.read_text(errors="replace") for path in home.rglob("*") if path.is_file())


def test_no_command_shows_a_part_of_the_password(tmp_path: Path) -> None:
    runs = [(url, command) for command in COMMANDS for _, url in _urls()]
    shown = _output(
        {"LOOPCTL_HOME": str(tmp_path)},
        [sys.executable, "-c", _EVERY_URL, "LOOPCTL_DATABASE_URL"],
        json.dumps(runs),
    )
    assert "(exit code 0)" in shown
    assert shown.count("LOOPCTL_DATABASE_URL") >= len(runs)
    assert "Traceback" not in shown
    assert FIRST not in shown + _files(tmp_path)


@pytest.mark.parametrize("setting", ["LOOPCTL_DATABASE_URL", "LOOPCTL_DAGSTER_URL"])
def test_no_part_is_shown_that_may_belong_to_the_password(
    setting: str, database_url: str, tmp_path: Path
) -> None:
    runs = [(url, ("tenants", "sync")) for part, url in _urls() if part not in SHOWN]
    shown = _output(
        {"LOOPCTL_HOME": str(tmp_path), "LOOPCTL_DATABASE_URL": database_url},
        [sys.executable, "-c", _EVERY_URL, setting],
        json.dumps(runs),
    )
    assert "(exit code 0)" in shown
    assert shown.count(setting) >= len(runs)
    assert FIRST not in shown + _files(tmp_path)
    assert REST not in shown + _files(tmp_path)


@pytest.mark.parametrize(
    ("program", "setting"),
    [
        (["dagster-webserver", "-p", "0", "-w", "workspace.yaml"], "LOOPCTL_DAGSTER_URL"),
        (["dagster-daemon", "run", "-w", "workspace.yaml"], "LOOPCTL_DAGSTER_URL"),
        (
            ["dagster", "api", "grpc", "-m", "loopctl_pipelines.definitions", "-s", "socket"],
            "LOOPCTL_DATABASE_URL",
        ),
    ],
    ids=["webserver", "daemon", "code server"],
)
def test_a_process_of_dagster_s_shows_no_part_of_the_password(
    program: list[str], setting: str, dagster_url: str, tmp_path: Path
) -> None:
    name, *arguments = [str(tmp_path / "s") if each == "socket" else each for each in program]
    shown = _output(
        {
            "LOOPCTL_HOME": str(tmp_path),
            "DAGSTER_HOME": str(_REPOSITORY),
            "LOOPCTL_DAGSTER_URL": dagster_url,
            setting: f"postgresql://u:{FIRST} %{REST}@127.0.0.1:1/d",
        },
        [str(Path(sys.executable).with_name(name)), *arguments],
    )
    assert "(exit code 1)" in shown
    assert f"{setting} must not hold a blank or a line break" in shown
    assert FIRST not in shown + _files(tmp_path)
    assert REST not in shown + _files(tmp_path)


_LOGS: Final = """
import logging.config, sys
from loopctl_pipelines.database.connection import Database
logging.config.dictConfig({
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"all": {"class": "logging.StreamHandler"}},
    "root": {"level": "DEBUG", "handlers": ["all"]},
})
logging.getLogger("psycopg.pool").info("shown nowhere")
logging.info("shown")
try:
    with Database(sys.argv[1], "loopctl_app", patience=0.2).operator_transaction():
        pass
except Exception as error:
    print(error)
"""


@pytest.mark.parametrize("odd", ["%", " ", "@", ":", "/", "#", "\n"])
def test_the_pool_logs_nothing_even_if_the_process_logs_everything(odd: str) -> None:
    url = f"postgresql://u:{FIRST}{odd}{REST}@127.0.0.1:1/d"
    shown = _output({}, [sys.executable, "-c", _LOGS, url])
    assert "shown\n" in shown
    assert "LOOPCTL_DATABASE_URL" in shown
    assert FIRST not in shown
    assert REST not in shown
    assert "nowhere" not in shown


def test_the_cause_of_a_failed_connection_is_not_in_the_error_s_chain() -> None:
    database = Database(f"postgresql://u:{FIRST} {REST}@127.0.0.1:1/d", "loopctl_app", patience=0.2)
    with pytest.raises(DatabaseUnreachableError) as caught, database.operator_transaction():
        pass
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__
