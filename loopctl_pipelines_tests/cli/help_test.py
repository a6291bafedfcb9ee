"""Help and completion are quick, because they import next to nothing."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from loopctl_pipelines.cli.app import COMMANDS
from loopctl_pipelines_tests.shell import Shell

_SLOW = {
    "alembic",
    "anthropic",
    "apprise",
    "dagster",
    "fastapi",
    "httpx2",
    "matplotlib",
    "numpy",
    "openai",
    "pandas",
    "psycopg",
    "pyarrow",
    "pydantic",
    "rich.markdown",
    "sqlalchemy",
}
_IMPORTED = """
import sys
sys.argv = ["loopctl-pipelines", *sys.argv[1:]]
from loopctl_pipelines.cli import main
try:
    main()
except SystemExit:
    pass
print("imported", *sys.modules)
"""
_PROGRAM = Path(sys.executable).with_name("loopctl-pipelines")


def _imported(*arguments: str) -> set[str]:
    """Return the modules that a command has imported in an interpreter of its own."""
    ran = subprocess.run(
        [sys.executable, "-c", _IMPORTED, *arguments], capture_output=True, text=True, check=True
    )
    return set(ran.stdout.splitlines()[-1].split()[1:])


def _completed(words: str) -> list[str]:
    environment = {
        **os.environ,
        "_LOOPCTL_PIPELINES_COMPLETE": "complete_bash",
        "COMP_WORDS": f"loopctl-pipelines {words}",
        "COMP_CWORD": str(len(words.split(" "))),
    }
    ran = subprocess.run([_PROGRAM], env=environment, capture_output=True, text=True, check=True)
    return ran.stdout.split()


@pytest.mark.parametrize("argument", ["--help", "--version"])
def test_help_and_version_import_nothing_slow(argument: str) -> None:
    imported = _imported(argument)
    assert "typer" in imported
    assert imported & _SLOW == set()


@pytest.mark.parametrize("name", ["export", "status"])
def test_the_help_of_a_command_that_only_reads_imports_no_dagster(name: str) -> None:
    assert _imported(name, "--help") & {"dagster", "alembic", "openai", "anthropic"} == set()


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_of_the_help_is_there(shell: Shell, name: str) -> None:
    code, out, _ = shell.run(name, "--help")
    assert code == 0
    assert out.startswith(f"Usage: loopctl-pipelines {name} ") or f" {name} [OPTIONS]" in out


def test_an_unknown_command_is_an_error_on_stderr(shell: Shell) -> None:
    code, out, err = shell.run("backfil")
    assert (code, out) == (2, "")
    assert "No such command 'backfil'. Did you mean 'backfill'?" in err


def test_a_shell_completes_commands_and_their_options() -> None:
    assert _completed("back") == ["backfill"]
    assert _completed("export --fo") == ["--format"]
    assert _completed("export --format p") == ["parquet"]
