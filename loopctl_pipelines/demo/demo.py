"""`loopctl-pipelines demo`: the sample, the daily job over it through Dagster, the result."""

from datetime import date, timedelta
from typing import Final

from dagster import DagsterInstance, JobDefinition
from rich.console import Console

from loopctl_pipelines.costs.job_runs import run_daily_costs
from loopctl_pipelines.costs.planning.rectangles import Rectangle
from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.demo.fill import fill
from loopctl_pipelines.demo.sample.sample import generate
from loopctl_pipelines.demo.show import print_anomalies, print_day
from loopctl_pipelines.partitions import tenant_order
from loopctl_pipelines.tenants.operator_queries import list_tenants
from loopctl_pipelines.tenants.sync import sync_tenants

DAYS: Final = 30


def run_demo(
    console: Console,
    database: Database,
    instance: DagsterInstance,
    job: JobDefinition,
    days: tuple[date, date],
) -> bool:
    """Fill the database, materialize the days, print the last one; return whether all succeeded.

    Args:
        console: where to print.
        database: an upgraded database, empty or with the sample.
        instance: records the run.
        job: `daily_costs`.
        days: first and last UTC day of the sample.

    Raises:
        DemoRefusedError: if the database holds tenants other than the sample's.
    """
    with console.status("Writing the sample data"):
        first, last = days
        count = (last - first).days + 1
        sample = generate(last_day=last, days=count)
        filled = fill(database, sample)
    console.print(
        f"Sample: {len(sample.tenants)} tenants, {len(sample.reports):,} reports of {count} days "
        f"({filled.reports:,} of them new)."
    )
    sync_tenants(instance, database)
    with console.status("Materializing cost_summaries and cost_anomalies"):
        run = run_daily_costs(instance, job, Rectangle(first, last, tuple(tenant_order(instance))))
    if run.failure is not None:
        console.print(run.failure, style="red")
        return False
    console.print(f"Materialized {len(run.landed)} partitions (Dagster run {run.run_id}).\n")
    tenants = list_tenants(database)
    print_day(console, database, tenants.values(), last, history=count)
    console.print()
    return print_anomalies(console, database, tenants, sample.planted, last)


def demo_days(start: date, today: date) -> tuple[date, date]:
    """Return the first and last UTC day of the sample: the last 30 days, none before `start`."""
    last = today - timedelta(days=1)
    return max(start, last - timedelta(days=DAYS - 1)), last
