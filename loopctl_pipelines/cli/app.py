"""Puts the commands together."""

import sys
from typing import NoReturn

import psycopg
import typer
from dagster_postgres.utils import DagsterPostgresException
from rich.console import Console
from sqlalchemy.exc import OperationalError

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
        _fail(str(error))
    except (psycopg.OperationalError, OperationalError, DagsterPostgresException) as error:
        if not _connection_was_lost(error):
            raise
        _fail(
            "The connection to PostgreSQL was lost in the middle of the work. What was committed "
            "stays; give the command again when the server runs."
        )


def _connection_was_lost(error: Exception) -> bool:
    """Tell a server that went away from one that refuses: the latter gives another SQLSTATE."""
    driver = getattr(error, "orig", error)
    state = getattr(driver, "sqlstate", None) or getattr(driver, "pgcode", None)
    return state is None or state.startswith(("08", "57P"))


def _fail(sentence: str) -> NoReturn:
    Console(stderr=True).print(sentence, style="red", highlight=False, markup=False)
    sys.exit(1)
