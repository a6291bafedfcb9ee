"""`loopctl-pipelines backfill`."""

from typing import Annotated

import typer

from loopctl_pipelines.cli.json_output import AsJson
from loopctl_pipelines.cli.project import open_project
from loopctl_pipelines.cli.run_summary import CommandRuns, RunSummary
from loopctl_pipelines.costs.backfill import Backfill
from loopctl_pipelines.costs.backfill_progress import show_backfill
from loopctl_pipelines.costs.failed_partitions import failed_partitions
from loopctl_pipelines.costs.jobs import DAILY_COSTS
from loopctl_pipelines.costs.planning.day_selection import select_days
from loopctl_pipelines.costs.planning.rectangles import Rectangle
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
    retry_failed: Annotated[
        bool,
        typer.Option("--retry-failed", help="Only partitions whose last attempt failed."),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Materialize summaries and anomalies of past days; resumes after Ctrl-C."""
    if anew and retry_failed:
        raise typer.BadParameter("--anew and --retry-failed exclude each other")
    console, runs = Terminal(stderr=as_json), CommandRuns.of("backfill")
    with open_project() as project:
        days = select_days(first, last, start=project.start, today=project.today)
        check_database(project.database, COST_TABLES)
        slugs = select_tenants(tenant or [], list_tenants(project.database))
        with project.instance() as instance:
            unusable = sync_tenants(instance, project.database).unusable
            slugs = [slug for slug in slugs if slug not in unusable]
            if not slugs:
                console.print("There is no active tenant. See `loopctl-pipelines tenants list`.")
            job = project.job(DAILY_COSTS)
            selected = Rectangle(*days, tuple(slugs))
            retried = failed_partitions(instance, job, selected) if retry_failed else None
            if retried == set():
                console.print("No partition of these days and tenants failed when last attempted.")
            wanted = Backfill(instance, job, *days, slugs, runs.tags, retried)
            done = show_backfill(console, wanted, anew=anew)
    counts = {"landed": done.landed, "failed": done.failed, "unchanged": done.unchanged}
    summary = RunSummary("partitions", counts, done.run_ids, done.failures)
    summary.show(runs, as_json=as_json)
    if done.failures:
        raise typer.Exit(1)
