"""The command line. Beside `definitions.py` the only reader of the environment."""

import os
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated

import typer
from dagster import DagsterInstance, JobDefinition
from rich.console import Console

from loopctl_pipelines.costs.backfill import Backfill
from loopctl_pipelines.costs.backfill_progress import show_backfill
from loopctl_pipelines.costs.jobs import DAILY_COSTS
from loopctl_pipelines.costs.selection import select_days, select_tenants
from loopctl_pipelines.dagster_instance import dagster_instance
from loopctl_pipelines.dagster_ui import open_ui
from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.database.embedded import EmbeddedServer
from loopctl_pipelines.database.locations import Locations, locate
from loopctl_pipelines.database.preflight import check_database
from loopctl_pipelines.database.upgrade import upgrade
from loopctl_pipelines.definitions import build_definitions
from loopctl_pipelines.demo.demo import demo_days, run_demo
from loopctl_pipelines.demo.load import load
from loopctl_pipelines.demo.usage_columns import UsageColumns
from loopctl_pipelines.errors import PipelinesError
from loopctl_pipelines.settings import Settings
from loopctl_pipelines.tenants.queries import list_tenants
from loopctl_pipelines.tenants.sync import sync_tenants

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Daily cost summaries of loopctl's tenants, and the anomalies in them.",
)
_db = typer.Typer(no_args_is_help=True, help="loopctl's database.")
_tenants = typer.Typer(no_args_is_help=True, help="Who is computed.")
app.add_typer(_db, name="db")
app.add_typer(_tenants, name="tenants")

_console = Console()


def main() -> None:
    """Run the command; an error that this project knows is one sentence and exit code 1."""
    try:
        app()
    except PipelinesError as error:
        Console(stderr=True).print(str(error), style="red", highlight=False, markup=False)
        sys.exit(1)


@dataclass(frozen=True)
class _Project:
    """Everything a command works with, open."""

    settings: Settings
    locations: Locations
    database: Database

    @property
    def today(self) -> date:
        return datetime.now(UTC).date()

    @property
    def start(self) -> date:
        return self.settings.start_date.resolve(self.today)

    @property
    def job(self) -> JobDefinition:
        return build_definitions(self.settings, self.database).resolve_job_def(DAILY_COSTS)

    @contextmanager
    def instance(self) -> Iterator[DagsterInstance]:
        os.environ["LOOPCTL_DAGSTER_URL"] = self.locations.dagster
        with dagster_instance(self.settings.home) as instance:
            yield instance

    def upgrade_embedded(self) -> None:
        """Bring the embedded database up to date; another one is its operators' to upgrade."""
        if self.locations.embedded:
            upgrade(self.locations.loopctl, self.settings.database_role)
        check_database(self.database)


@contextmanager
def _project() -> Iterator[_Project]:
    settings = Settings.from_environment(os.environ)
    with locate(settings) as locations:
        database = Database(
            locations.loopctl, settings.database_role, connections=settings.connections
        )
        with closing(database):
            yield _Project(settings, locations, database)


@app.command()
def demo() -> None:
    """Fill an empty database with sample data, run the daily job over it, show the result."""
    with _project() as project:
        with _console.status("Creating the tables"):
            upgrade(project.locations.loopctl, project.settings.database_role)
        check_database(project.database)
        days = demo_days(project.start, project.today)
        with project.instance() as instance:
            well = run_demo(_console, project.database, instance, project.job, days)
    _console.print("\nOpen the same data in the Dagster UI: [bold]make dev[/bold]")
    if not well:
        raise typer.Exit(1)


@app.command()
def dev(
    host: Annotated[str, typer.Option(help="Where the UI listens.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Where the UI listens.")] = 3000,
) -> None:
    """Open the Dagster UI, with the daemon that runs schedules and sensors."""
    with _project() as project:
        project.upgrade_embedded()
        with project.instance() as instance:
            sync_tenants(instance, project.database)
        environment = {
            **os.environ,
            "LOOPCTL_DATABASE_URL": project.locations.loopctl,
            "LOOPCTL_DAGSTER_URL": project.locations.dagster,
            "LOOPCTL_HOME": str(project.settings.home.absolute()),
        }
        _console.print(f"Dagster UI: [bold]http://{host}:{port}[/bold]  (Ctrl-C ends it)")
        code = open_ui(project.settings.home, environment, host=host, port=port)
    raise typer.Exit(code)


@app.command()
def backfill(
    first: Annotated[str, typer.Option("--from", help="First UTC day, such as 2026-04-01.")],
    last: Annotated[str, typer.Option("--to", help="Last UTC day, inclusive.")],
    tenant: Annotated[
        list[str] | None, typer.Option(help="Slug; may be given again. Unset: all active tenants.")
    ] = None,
    *,
    anew: Annotated[
        bool, typer.Option("--anew", help="Do not go on where an interrupted backfill ended.")
    ] = False,
) -> None:
    """Materialize summaries and anomalies of past days; after Ctrl-C it goes on where it was."""
    with _project() as project:
        days = select_days(first, last, start=project.start, today=project.today)
        check_database(project.database)
        slugs = select_tenants(tenant or [], list_tenants(project.database))
        with project.instance() as instance:
            sync_tenants(instance, project.database)
            well = show_backfill(_console, Backfill(instance, project.job, *days, slugs), anew=anew)
    if not well:
        raise typer.Exit(1)


@app.command("load")
def load_file(
    file: Annotated[Path, typer.Argument(help="CSV, plain or gzipped.")],
    tenant_column: Annotated[str | None, typer.Option(help="Column of the tenant.")] = None,
    project_column: Annotated[str | None, typer.Option(help="Column of the project.")] = None,
    epic_column: Annotated[str | None, typer.Option(help="Column of the epic.")] = None,
    story_column: Annotated[str | None, typer.Option(help="Column of the story.")] = None,
    agent_column: Annotated[str | None, typer.Option(help="Column of the agent.")] = None,
    model_column: Annotated[str | None, typer.Option(help="Column of the model.")] = None,
    at_column: Annotated[str | None, typer.Option(help="Column of the time, ISO 8601.")] = None,
    cost_column: Annotated[str | None, typer.Option(help="Column of the cost, dollars.")] = None,
) -> None:
    """Load real usage from a file, and make the tenants, projects and stories it names."""
    columns = UsageColumns(
        tenant=tenant_column,
        project=project_column,
        epic=epic_column,
        story=story_column,
        agent=agent_column,
        model=model_column,
        at=at_column,
        cost=cost_column,
    )
    with _project() as project:
        project.upgrade_embedded()
        loaded = load(project.database, file, columns)
    _console.print(
        f"{loaded.rows:,} rows with a cost ({loaded.without_cost:,} without were left out): "
        f"{loaded.reports:,} new reports, {loaded.tenants} new tenants, {loaded.stories:,} stories."
    )


@_db.command("upgrade")
def db_upgrade() -> None:
    """Create the tables that are missing; change nothing of loopctl's. Safe to repeat."""
    with _project() as project:
        result = upgrade(project.locations.loopctl, project.settings.database_role)
        check_database(project.database)
    created = ", ".join(result.created) or "none, they were all there"
    _console.print(f"Schema at revision {result.revision}. loopctl's tables created: {created}.")


@_db.command("stop")
def db_stop() -> None:
    """Stop the embedded PostgreSQL, if a command that was killed has left it running."""
    settings = Settings.from_environment(os.environ)
    if settings.home.exists():
        with EmbeddedServer(settings.home):
            pass


@_tenants.command("sync")
def tenants_sync() -> None:
    """Give every active tenant its partitions, as `tenants_sensor` does each minute."""
    with _project() as project:
        check_database(project.database)
        with project.instance() as instance:
            found = sync_tenants(instance, project.database)
    _console.print(f"Added: {', '.join(found.add) or 'none'}.")
    if found.unusable:
        _console.print(f"Their slugs cannot be partition keys: {found.unusable}.", style="red")
        raise typer.Exit(1)
