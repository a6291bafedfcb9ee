"""`loopctl-pipelines tenants`."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from loopctl_pipelines.cli.json_output import AsJson, print_json
from loopctl_pipelines.cli.project import Project, open_project
from loopctl_pipelines.costs.display.tables import STYLE
from loopctl_pipelines.costs.table_use import COST_TABLES
from loopctl_pipelines.database.preflight import check_database
from loopctl_pipelines.tenants.errors import NoHistoryError
from loopctl_pipelines.tenants.operator_queries import list_tenants
from loopctl_pipelines.tenants.partition_keys import keys_to_prune, keys_without_tenant
from loopctl_pipelines.tenants.selection import check_rename
from loopctl_pipelines.tenants.tenant import Tenant
from loopctl_pipelines.terminal import Terminal
from loopctl_pipelines.terminal_text import visible

if TYPE_CHECKING:
    from dagster import AssetKey

tenants = typer.Typer(no_args_is_help=True, help="Who is computed.")

_NO_TENANT = "renamed or deleted"


@tenants.command("list")
def tenants_list(*, as_json: AsJson = False) -> None:
    """Show all tenants; only active ones are computed. Slugs of earlier partitions come last."""
    # imports Dagster, which takes seconds
    from loopctl_pipelines.partitions import tenant_order  # noqa: PLC0415

    with open_project() as project:
        check_database(project.database, COST_TABLES)
        found = list_tenants(project.database)
        with project.instance() as instance:
            past = keys_without_tenant(tenant_order(instance), found)
    if as_json:
        print_json([*map(_as_json, found.values()), *map(_past_as_json, past)])
    elif found or past:
        Terminal().print(_table(found.values(), past))
        if past:
            Terminal().print(
                "`tenants rename OLD NEW` carries the history of a renamed tenant over; "
                "`tenants prune` takes the partitions of a deleted one away."
            )
    else:
        Terminal().print("No tenants.")


@tenants.command("sync")
def tenants_sync(*, as_json: AsJson = False) -> None:
    """Add partitions for new active tenants, as `tenants_sensor` does every minute."""
    from loopctl_pipelines.tenants.sync import sync_tenants  # noqa: PLC0415

    with open_project() as project:
        check_database(project.database, COST_TABLES)
        with project.instance() as instance:
            found = sync_tenants(instance, project.database)
    if as_json:
        print_json({"added": found.add, "unusable": found.unusable})
    else:
        Terminal().print(f"Added: {', '.join(map(visible, found.add)) or 'none'}.")
    if found.unusable:
        said = f"Their slugs cannot be partition keys: {found.unusable}."
        Terminal(stderr=as_json).print(said, style="red")
        raise typer.Exit(1)


@tenants.command("rename")
def tenants_rename(
    old: Annotated[str, typer.Argument(help="The slug that the tenant had.")],
    new: Annotated[str, typer.Argument(help="The slug that it has in loopctl now.")],
) -> None:
    """Carry the history in the Dagster UI over, after loopctl has renamed a tenant."""
    from loopctl_pipelines.orchestration.renamed_tenant import carry_over  # noqa: PLC0415
    from loopctl_pipelines.partitions import TENANTS, tenant_order  # noqa: PLC0415

    with open_project() as project:
        check_database(project.database, COST_TABLES)
        check_rename(old, new, list_tenants(project.database))
        with project.instance() as instance:
            existed = old in tenant_order(instance)
            moved = carry_over(instance, TENANTS, _assets(project), old, new)
    if not moved and not existed:
        raise NoHistoryError(old)
    Terminal().print(f"{moved} materializations of {old!r} are those of {new!r} now.")


@tenants.command("prune")
def tenants_prune(
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show them.")] = False,
    as_json: AsJson = False,
) -> None:
    """Take away partitions that no tenant has, and those of inactive tenants without data.

    Nothing that was computed is deleted. For a tenant that was renamed, `tenants rename` comes
    first.
    """
    from loopctl_pipelines.orchestration.renamed_tenant import (  # noqa: PLC0415
        materialized_slugs,
        require_no_runs,
    )
    from loopctl_pipelines.partitions import TENANTS, tenant_order  # noqa: PLC0415

    with open_project() as project:
        check_database(project.database, COST_TABLES)
        with project.instance() as instance:
            found = keys_to_prune(
                tenant_order(instance),
                list_tenants(project.database),
                materialized_slugs(instance, _assets(project)),
            )
            if found and not dry_run:
                require_no_runs(instance)
                for slug in found:
                    instance.delete_dynamic_partition(TENANTS.name or "", slug)
    if as_json:
        print_json({"pruned": found, "dry_run": dry_run})
    else:
        done = "Would be taken away" if dry_run else "Taken away"
        Terminal().print(f"{done}: {', '.join(map(visible, found)) or 'none'}.")


def _assets(project: Project) -> Sequence["AssetKey"]:
    from loopctl_pipelines.definitions import build_definitions  # noqa: PLC0415

    definitions = build_definitions(project.settings, resources={"database": project.database})
    return list(definitions.resolve_all_asset_keys())


def _as_json(tenant: Tenant) -> dict[str, object]:
    return {
        "tenant": tenant.slug,
        "name": tenant.name,
        "status": tenant.status,
        "id": tenant.id,
    }


def _past_as_json(slug: str) -> dict[str, object]:
    return {"tenant": slug, "name": None, "status": _NO_TENANT, "id": None}


def _table(found: Iterable[Tenant], past: Iterable[str]) -> Table:
    table = Table(**STYLE)
    for heading in ("tenant", "name", "status"):
        table.add_column(heading, overflow="fold")
    for tenant in found:
        style = None if tenant.is_active else "dim"
        table.add_row(visible(tenant.slug), visible(tenant.name), tenant.status, style=style)
    for slug in past:
        table.add_row(visible(slug), "", _NO_TENANT, style="yellow")
    return table
