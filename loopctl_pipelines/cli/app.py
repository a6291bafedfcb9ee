"""Builds the command line; a command's module is imported when the command runs."""

import sys
from collections.abc import Collection
from importlib import import_module
from importlib.metadata import version
from typing import Annotated, Final, NoReturn

import typer

from loopctl_pipelines.cli.signals import ended_by_signals
from loopctl_pipelines.errors import PipelinesError
from loopctl_pipelines.terminal import Terminal

_TRACEBACK: Final = "--traceback"
_VERSION: Final = "--version"

_COMMANDS: Final = {
    "demo": ("demo", "demo"),
    "dev": ("ui", "dev"),
    "backfill": ("backfill", "backfill"),
    "embed": ("embed", "embed"),
    "ingest": ("ingest", "ingest"),
    "status": ("status", "status"),
    "check": ("check", "check"),
    "load": ("load", "load_file"),
    "export": ("export", "export_summaries"),
    "anomalies": ("anomalies", "anomalies"),
    "alerts": ("alerts", "alerts"),
    "api": ("api", "api"),
    "breaker": ("breaker", "breaker"),
    "db": ("database", "db"),
    "tenants": ("tenants", "tenants"),
}
"""Module and function, or subcommands, of each command, by the command's name."""


@ended_by_signals()
def main() -> None:
    """Run the command; an error is one sentence and exit code 1.

    With --traceback, an unexpected one shows its traceback, and may then show data or a password.
    """
    given = [each for each in sys.argv[1:] if each != _TRACEBACK]
    asked = [name for name in given[:1] if name in _COMMANDS]
    try:
        # only the command that runs: importing Dagster takes seconds, and the API does not need it
        _app(asked or ([] if given[:1] == [_VERSION] else _COMMANDS))()
    except PipelinesError as error:
        _fail(str(error))
    except Exception as error:
        if _TRACEBACK in sys.argv:
            raise
        # imports Dagster's storage
        from loopctl_pipelines.cli.unexpected_errors import sentence_of  # noqa: PLC0415

        _fail(sentence_of(error))


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


def _print_version(asked: bool) -> None:  # noqa: FBT001 - typer's
    if asked:
        Terminal().print(f"loopctl-pipelines {version('loopctl-pipelines')}")
        raise typer.Exit


def _loopctl_pipelines(
    *,
    _version: Annotated[
        bool,
        typer.Option(_VERSION, help="Show the version.", callback=_print_version, is_eager=True),
    ] = False,
    traceback: Annotated[
        bool, typer.Option(_TRACEBACK, help="Show where an unexpected error came from.")
    ] = False,
) -> None:
    """Daily cost summaries of loopctl's tenants, and the anomalies in them."""
    # without a callback, typer would make an app with one command that command


def _fail(sentence: str) -> NoReturn:
    Terminal(stderr=True).print(sentence, style="red")
    sys.exit(1)
