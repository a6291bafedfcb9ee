"""`loopctl-pipelines tenants`."""

import typer
from rich.console import Console

from loopctl_pipelines.cli.project import open_project
from loopctl_pipelines.costs.table_use import COST_TABLES
from loopctl_pipelines.database.preflight import check_database
from loopctl_pipelines.tenants.sync import sync_tenants

tenants = typer.Typer(no_args_is_help=True, help="Who is computed.")


@tenants.command("sync")
def tenants_sync() -> None:
    """Add partitions for new active tenants, as `tenants_sensor` does every minute."""
    with open_project() as project:
        check_database(project.database, COST_TABLES)
        with project.instance() as instance:
            found = sync_tenants(instance, project.database)
    Console().print(f"Added: {', '.join(found.add) or 'none'}.")
    if found.unusable:
        Console().print(f"Their slugs cannot be partition keys: {found.unusable}.", style="red")
        raise typer.Exit(1)
