"""`loopctl-pipelines tenants`."""

import typer

from loopctl_pipelines.cli.project import open_project
from loopctl_pipelines.costs.table_use import COST_TABLES
from loopctl_pipelines.database.preflight import check_database
from loopctl_pipelines.tenants.sync import sync_tenants
from loopctl_pipelines.terminal import Terminal
from loopctl_pipelines.terminal_text import visible

tenants = typer.Typer(no_args_is_help=True, help="Who is computed.")


@tenants.command("sync")
def tenants_sync() -> None:
    """Add partitions for new active tenants, as `tenants_sensor` does every minute."""
    with open_project() as project:
        check_database(project.database, COST_TABLES)
        with project.instance() as instance:
            found = sync_tenants(instance, project.database)
    Terminal().print(f"Added: {', '.join(map(visible, found.add)) or 'none'}.")
    if found.unusable:
        Terminal().print(f"Their slugs cannot be partition keys: {found.unusable}.", style="red")
        raise typer.Exit(1)
