"""`loopctl-pipelines db`."""

import os
from dataclasses import asdict

import typer

from loopctl_pipelines.cli.json_output import AsJson, print_json
from loopctl_pipelines.cli.project import open_project
from loopctl_pipelines.costs.table_use import COST_TABLES
from loopctl_pipelines.database.embedded import EmbeddedServer
from loopctl_pipelines.database.preflight import check_database
from loopctl_pipelines.database.upgrade import upgrade
from loopctl_pipelines.settings import Settings
from loopctl_pipelines.terminal import Terminal

db = typer.Typer(no_args_is_help=True, help="loopctl's database.")


@db.command("upgrade")
def db_upgrade(*, as_json: AsJson = False) -> None:
    """Create missing tables; never change loopctl's own. Safe to repeat."""
    with open_project() as project:
        result = upgrade(project.locations.loopctl, project.settings.database_role)
        check_database(project.database, COST_TABLES)
    if as_json:
        print_json(asdict(result))
        return
    created = ", ".join(result.created) or "none, they were all there"
    Terminal().print(f"Schema at revision {result.revision}. loopctl's tables created: {created}.")


@db.command("stop")
def db_stop() -> None:
    """Stop the embedded PostgreSQL that a killed command left running."""
    settings = Settings.from_environment(os.environ)
    if settings.home.exists():
        with EmbeddedServer(settings.home):
            pass
