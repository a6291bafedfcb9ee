"""Builds the command line; a command's module is imported when the command runs.

Help is plain text: typer's boxes take three times as long to import as typer itself, and break the
lines of errors that scripts read.
"""

import sys
from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING, Annotated, Any, Final, NoReturn

import typer
from typer.core import TyperGroup
from typer.main import get_group

from loopctl_pipelines.cli.signals import ended_by_signals
from loopctl_pipelines.errors import PipelinesError

if TYPE_CHECKING:
    from loopctl_pipelines.terminal import Terminal

_TRACEBACK: Final = "--traceback"
_VERSION: Final = "--version"

COMMANDS: Final = {
    "demo": ("demo", "demo", "Fill an empty database with sample data, run the jobs on it."),
    "dev": ("ui", "dev", "Open the Dagster UI with its daemon, until interrupted."),
    "check": ("check", "check", "Test what commands need: database, rights, keys, providers."),
    "status": ("status", "status", "Show per tenant what is pending, what waits, and why."),
    "metrics": ("metrics", "metrics", "Print counts of all this for Prometheus."),
    "tenants": ("tenants", "tenants", "Who is computed."),
    "backfill": ("backfill", "backfill", "Materialize summaries and anomalies of past days."),
    "anomalies": ("anomalies", "anomalies", "Stories that cost far more or less than usual."),
    "export": ("export", "export_summaries", "Write summaries as CSV, JSON or Parquet."),
    "load": ("load", "load_file", "Load usage from a file."),
    "embed": ("embed", "embed", "Embed the pending articles."),
    "ingest": ("ingest", "ingest", "Hand in documents, and extract articles from them."),
    "alerts": ("alerts", "alerts", "Alerts about runs, sent through Apprise."),
    "breaker": ("breaker", "breaker", "Circuit breakers of the LLM vendors."),
    "api": ("api", "api", "Serve costs and the knowledge base over HTTP."),
    "db": ("database", "db", "loopctl's database."),
}
"""Module, function or subcommands, and summary of each command, by the command's name."""


class _ImportingGroup(TyperGroup):
    """Imports a command's module when the command is given: Dagster takes seconds."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:  # noqa: ANN401 - typer's, private
        """Return the command that the first argument names; completion asks here too."""
        if args and args[0] in COMMANDS:
            self.commands.update(_with_imported(args[0]).commands)
        return super().resolve_command(ctx, args)


@ended_by_signals()
def main() -> None:
    """Run the command; an error is one sentence and exit code 1.

    With --traceback, an unexpected one shows its traceback, and may then show data or a password.
    """
    try:
        _app()()
    except PipelinesError as error:
        _fail(str(error))
    except Exception as error:
        if _TRACEBACK in sys.argv:
            raise
        # imports Dagster's storage
        from loopctl_pipelines.cli.unexpected_errors import sentence_of  # noqa: PLC0415

        _fail(sentence_of(error))


def _app() -> typer.Typer:
    app = _empty_app(_ImportingGroup, _loopctl_pipelines)
    for name, (_, _, summary) in COMMANDS.items():
        app.command(name, help=summary)(_loopctl_pipelines)
    return app


def _with_imported(name: str) -> TyperGroup:
    module, attribute, _ = COMMANDS[name]
    command = getattr(import_module(f"{__package__}.{module}"), attribute)
    app = _empty_app(TyperGroup, _loopctl_pipelines)
    if isinstance(command, typer.Typer):
        app.add_typer(command, name=name)
    else:
        app.command(name)(command)
    return get_group(app)


def _empty_app(group: type[TyperGroup], callback: Callable[..., None]) -> typer.Typer:
    app = typer.Typer(
        cls=group,
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )
    # without a callback, typer would make an app with one command that command
    app.callback()(callback)
    return app


def _print_version(asked: bool) -> None:  # noqa: FBT001 - typer's
    if asked:
        # takes as long as typer
        from importlib.metadata import version  # noqa: PLC0415

        _terminal().print(f"loopctl-pipelines {version('loopctl-pipelines')}")
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


def _fail(sentence: str) -> NoReturn:
    _terminal(stderr=True).print(sentence, style="red")
    sys.exit(1)


def _terminal(*, stderr: bool = False) -> "Terminal":
    # help needs none of rich
    from loopctl_pipelines.terminal import Terminal  # noqa: PLC0415

    return Terminal(stderr=stderr)
