"""`loopctl-pipelines db`."""

import os
from dataclasses import asdict
from typing import Annotated

import typer

from loopctl_pipelines.cli.json_output import AsJson, print_json
from loopctl_pipelines.cli.project import open_project
from loopctl_pipelines.costs.table_use import COST_TABLES
from loopctl_pipelines.database.embedded import EmbeddedServer
from loopctl_pipelines.database.locations import locate
from loopctl_pipelines.database.preflight import check_database
from loopctl_pipelines.database.psql import run_psql
from loopctl_pipelines.database.upgrade import upgrade
from loopctl_pipelines.database.vectors import find_no_vectors_sentence
from loopctl_pipelines.errors import SettingsError
from loopctl_pipelines.settings import Settings
from loopctl_pipelines.terminal import Terminal

db = typer.Typer(no_args_is_help=True, help="loopctl's database.")


@db.command("upgrade")
def db_upgrade(*, as_json: AsJson = False) -> None:
    """Create missing tables; never change loopctl's own. Safe to repeat."""
    with open_project() as project:
        result = upgrade(project.locations.loopctl, project.settings.database_role)
        check_database(project.database, COST_TABLES)
        sentence = find_no_vectors_sentence(project.database)
    if as_json:
        print_json(asdict(result))
        return
    created = ", ".join(result.created) or "none, they were all there"
    Terminal().print(f"Schema at revision {result.revision}. loopctl's tables created: {created}.")
    if result.left_out:
        Terminal().print(f"Left out: {', '.join(result.left_out)}. {sentence}")


@db.command("url")
def db_url() -> None:
    """Print the URL of the embedded PostgreSQL, for psql and other clients; it has no password."""
    with locate(_embedded_settings()) as locations:
        Terminal().print(locations.loopctl, soft_wrap=True)
    Terminal(stderr=True).print(
        "It answers while a command uses it, such as `loopctl-pipelines dev`."
    )


@db.command("psql", context_settings={"ignore_unknown_options": True})
def db_psql(
    arguments: Annotated[
        list[str] | None, typer.Argument(metavar="[PSQL ARGUMENTS]...", help="As psql takes them.")
    ] = None,
) -> None:
    """Open psql on loopctl's database, embedded or not; ends with psql's exit code."""
    with locate(Settings.from_environment(os.environ)) as locations:
        code = run_psql(locations.loopctl, arguments or [], os.environ)
    raise typer.Exit(code)


def _embedded_settings() -> Settings:
    settings = Settings.from_environment(os.environ)
    if settings.database_url is not None:
        raise SettingsError(
            "LOOPCTL_DATABASE_URL",
            "is set, so the embedded PostgreSQL is not used. `loopctl-pipelines db psql` connects "
            "to the database that it names.",
        )
    return settings


@db.command("stop")
def db_stop() -> None:
    """Stop the embedded PostgreSQL that a killed command left running."""
    settings = Settings.from_environment(os.environ)
    if settings.home.exists():
        with EmbeddedServer(settings.home):
            pass
