"""Builds the command line; a command's module is imported when the command runs."""

import sys
from collections.abc import Collection
from importlib import import_module
from typing import Final, NoReturn

import typer
from rich.console import Console

from loopctl_pipelines.errors import PipelinesError

_COMMANDS: Final = {
    "demo": ("demo", "demo"),
    "dev": ("ui", "dev"),
    "backfill": ("backfill", "backfill"),
    "embed": ("embed", "embed"),
    "load": ("load", "load_file"),
    "anomalies": ("anomalies", "anomalies"),
    "api": ("api", "api"),
    "breaker": ("breaker", "breaker"),
    "db": ("database", "db"),
    "tenants": ("tenants", "tenants"),
}
"""Module and function, or subcommands, of each command, by the command's name."""


def main() -> None:
    """Run the command; an expected error is one sentence and exit code 1."""
    asked = [name for name in sys.argv[1:2] if name in _COMMANDS]
    try:
        # only the command that runs: importing Dagster takes seconds, and the API does not need it
        _app(asked or _COMMANDS)()
    except PipelinesError as error:
        _fail(str(error))
    except Exception as error:
        # imports Dagster's storage
        from loopctl_pipelines.cli.lost_connection import connection_was_lost  # noqa: PLC0415

        if not connection_was_lost(error):
            raise
        _fail(
            "The connection to PostgreSQL was lost during the work. What was committed "
            "stays; run the command again when the server is back."
        )


def _app(names: Collection[str]) -> typer.Typer:
    app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False)
    app.callback()(_loopctl_pipelines)
    for name in names:
        module, attribute = _COMMANDS[name]
        command = getattr(import_module(f"{__package__}.{module}"), attribute)
        if isinstance(command, typer.Typer):
            app.add_typer(command, name=name)
        else:
            app.command(name)(command)
    return app


def _loopctl_pipelines() -> None:
    """Daily cost summaries of loopctl's tenants, and the anomalies in them."""
    # without a callback, typer would make an app with one command that command


def _fail(sentence: str) -> NoReturn:
    Console(stderr=True).print(sentence, style="red", highlight=False, markup=False)
    sys.exit(1)
