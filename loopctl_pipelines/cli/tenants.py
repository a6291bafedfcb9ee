"""`loopctl-pipelines tenants`."""

from collections.abc import Iterable

import typer
from rich.table import Table

from loopctl_pipelines.cli.json_output import AsJson, print_json
from loopctl_pipelines.cli.project import open_project
from loopctl_pipelines.costs.display.tables import STYLE
from loopctl_pipelines.costs.table_use import COST_TABLES
from loopctl_pipelines.database.preflight import check_database
from loopctl_pipelines.tenants.operator_queries import list_tenants
from loopctl_pipelines.tenants.tenant import Tenant
from loopctl_pipelines.terminal import Terminal
from loopctl_pipelines.terminal_text import visible

tenants = typer.Typer(no_args_is_help=True, help="Who is computed.")


@tenants.command("list")
def tenants_list(*, as_json: AsJson = False) -> None:
    """Show all tenants; only active ones are computed."""
    with open_project() as project:
        check_database(project.database, COST_TABLES)
        found = list(list_tenants(project.database).values())
    if as_json:
        print_json([_as_json(tenant) for tenant in found])
    elif found:
        Terminal().print(_table(found))
    else:
        Terminal().print("No tenants.")


@tenants.command("sync")
def tenants_sync() -> None:
    """Add partitions for new active tenants, as `tenants_sensor` does every minute."""
    # imports Dagster, which takes seconds
    from loopctl_pipelines.tenants.sync import sync_tenants  # noqa: PLC0415

    with open_project() as project:
        check_database(project.database, COST_TABLES)
        with project.instance() as instance:
            found = sync_tenants(instance, project.database)
    Terminal().print(f"Added: {', '.join(map(visible, found.add)) or 'none'}.")
    if found.unusable:
        Terminal().print(f"Their slugs cannot be partition keys: {found.unusable}.", style="red")
        raise typer.Exit(1)


def _as_json(tenant: Tenant) -> dict[str, object]:
    return {
        "tenant": tenant.slug,
        "name": tenant.name,
        "status": tenant.status,
        "id": tenant.id,
    }


def _table(found: Iterable[Tenant]) -> Table:
    table = Table(**STYLE)
    for heading in ("tenant", "name", "status"):
        table.add_column(heading, overflow="fold")
    for tenant in found:
        style = None if tenant.is_active else "dim"
        table.add_row(visible(tenant.slug), visible(tenant.name), tenant.status, style=style)
    return table
