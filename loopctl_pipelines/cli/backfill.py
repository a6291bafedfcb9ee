"""`loopctl-pipelines backfill`."""

from typing import Annotated

import typer

from loopctl_pipelines.cli.project import open_project
from loopctl_pipelines.costs.backfill import Backfill
from loopctl_pipelines.costs.backfill_progress import show_backfill
from loopctl_pipelines.costs.jobs import DAILY_COSTS
from loopctl_pipelines.costs.planning.day_selection import select_days
from loopctl_pipelines.costs.table_use import COST_TABLES
from loopctl_pipelines.database.preflight import check_database
from loopctl_pipelines.tenants.operator_queries import list_tenants
from loopctl_pipelines.tenants.selection import select_tenants
from loopctl_pipelines.tenants.sync import sync_tenants
from loopctl_pipelines.terminal import Terminal


def backfill(
    first: Annotated[str, typer.Option("--from", help="First UTC day, such as 2026-04-01.")],
    last: Annotated[str, typer.Option("--to", help="Last UTC day, inclusive.")],
    tenant: Annotated[
        list[str] | None, typer.Option(help="Slug; may be repeated. Default: all active tenants.")
    ] = None,
    *,
    anew: Annotated[
        bool, typer.Option("--anew", help="Start over instead of resuming an interrupted backfill.")
    ] = False,
) -> None:
    """Materialize summaries and anomalies of past days; resumes after Ctrl-C."""
    with open_project() as project:
        days = select_days(first, last, start=project.start, today=project.today)
        check_database(project.database, COST_TABLES)
        slugs = select_tenants(tenant or [], list_tenants(project.database))
        with project.instance() as instance:
            unusable = sync_tenants(instance, project.database).unusable
            slugs = [slug for slug in slugs if slug not in unusable]
            well = show_backfill(
                Terminal(), Backfill(instance, project.job(DAILY_COSTS), *days, slugs), anew=anew
            )
    if not well:
        raise typer.Exit(1)
