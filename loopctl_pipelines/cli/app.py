"""Puts the commands together."""

import sys

import typer
from rich.console import Console

from loopctl_pipelines.cli.anomalies import anomalies
from loopctl_pipelines.cli.api import api
from loopctl_pipelines.cli.backfill import backfill
from loopctl_pipelines.cli.breaker import breaker
from loopctl_pipelines.cli.database import db
from loopctl_pipelines.cli.demo import demo
from loopctl_pipelines.cli.embed import embed
from loopctl_pipelines.cli.load import load_file
from loopctl_pipelines.cli.tenants import tenants
from loopctl_pipelines.cli.ui import dev
from loopctl_pipelines.errors import PipelinesError

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Daily cost summaries of loopctl's tenants, and the anomalies in them.",
)
app.command("demo")(demo)
app.command("dev")(dev)
app.command("backfill")(backfill)
app.command("embed")(embed)
app.command("load")(load_file)
app.add_typer(anomalies, name="anomalies")
app.command("api")(api)
app.add_typer(breaker, name="breaker")
app.add_typer(db, name="db")
app.add_typer(tenants, name="tenants")


def main() -> None:
    """Run the command; an error that this project knows is one sentence and exit code 1."""
    try:
        app()
    except PipelinesError as error:
        Console(stderr=True).print(str(error), style="red", highlight=False, markup=False)
        sys.exit(1)
