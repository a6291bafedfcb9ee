"""The metrics that Dagster's storage has: runs, and partitions whose last attempt failed."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from datetime import date, timedelta
from typing import Final
from uuid import UUID

from dagster import DagsterInstance, DagsterRunStatus, JobDefinition, RunsFilter
from prometheus_client.metrics_core import Metric

from loopctl_pipelines.costs.failed_partitions import failed_partitions
from loopctl_pipelines.costs.jobs import DAILY_COSTS, WEEKLY_RECONCILIATION, WEEKLY_RETENTION
from loopctl_pipelines.costs.planning.rectangles import Rectangle
from loopctl_pipelines.observability.families import Family, single
from loopctl_pipelines.orchestration.unfinished_runs import unfinished_runs
from loopctl_pipelines.tenants.tenant import Tenant

_SCHEDULES: Final = tuple(
    f"{job}_schedule" for job in (DAILY_COSTS, WEEKLY_RETENTION, WEEKLY_RECONCILIATION)
)
# Dagster's tag of the runs that a schedule has requested
_SCHEDULE_TAG: Final = "dagster/schedule_name"
_STATUSES: Final = (
    DagsterRunStatus.QUEUED,
    DagsterRunStatus.STARTING,
    DagsterRunStatus.STARTED,
)
_FAILED: Final = Family(
    "partitions_failed",
    "Days of tenants whose summaries or anomalies failed when they were last attempted",
    known=((),),
)


def read_dagster(
    instance: DagsterInstance,
    job: JobDefinition,
    tenants: Collection[Tenant],
    days: tuple[date, date],
    named: Mapping[UUID, str],
) -> Iterator[Metric]:
    """Yield the metrics.

    Args:
        instance: Dagster's.
        job: `daily_costs`, whose assets have the partitions.
        tenants: whose partitions are looked at.
        days: the first and the last UTC day that is looked at.
        named: slugs of the tenants that may be named.
    """
    ids = {tenant.slug: tenant.id for tenant in tenants}
    failed = failed_partitions(instance, job, Rectangle(*days, tuple(sorted(ids))))
    yield from _FAILED.metrics(((ids[slug], (), 1) for _, slug in failed), named)
    found = Counter(run.status for run in unfinished_runs(instance))
    unfinished = {status.value.lower(): float(found[status]) for status in _STATUSES}
    yield single("runs", "Runs that are not finished", "status", unfinished)
    found_ends = ((name, _last_success(instance, name)) for name in _SCHEDULES)
    ends = {name: end for name, end in found_ends if end is not None}
    meaning = "When the schedule's last successful run ended; no value if there is none"
    yield single("schedule_last_success_timestamp_seconds", meaning, "schedule", ends)


def days_until(last: date, count: int, start: date) -> tuple[date, date]:
    """Return the first and last of `count` days that end with `last`; none is before `start`."""
    return max(start, last - timedelta(days=count - 1)), last


def _last_success(instance: DagsterInstance, schedule: str) -> float | None:
    # not of the job: the run of a backfill says nothing about the night
    succeeded = RunsFilter(tags={_SCHEDULE_TAG: schedule}, statuses=[DagsterRunStatus.SUCCESS])
    records = instance.get_run_records(succeeded, limit=1)
    return records[0].end_time if records else None
