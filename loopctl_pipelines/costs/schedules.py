"""The nightly run over yesterday and a few days before it, and the weekly jobs."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Final

from dagster import (
    DagsterInstance,
    DagsterRunStatus,
    DefaultScheduleStatus,
    PartitionKeyRange,
    ResourceParam,
    RunRequest,
    RunsFilter,
    ScheduleDefinition,
    ScheduleEvaluationContext,
    SkipReason,
    schedule,
)

from loopctl_pipelines.costs.jobs import DAILY_COSTS, WEEKLY_RECONCILIATION, WEEKLY_RETENTION
from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.orchestration.heartbeats.dead_runs import has_died
from loopctl_pipelines.orchestration.run_retries import RETRIED_IF_KILLED
from loopctl_pipelines.partitions import (
    day_and_slug,
    partition_range,
    range_of_tags,
    range_tags,
    tenant_order,
)
from loopctl_pipelines.settings import Settings
from loopctl_pipelines.tenants.operator_queries import list_tenants

MOST_NIGHTS: Final = 31
"""Missed nights that one run makes up for; `loopctl-pipelines backfill` computes older days."""

MISSED_NIGHTS_TAG: Final = "loopctl/missed_nights"
"""On a nightly run: the number of nights that it makes up for."""

_NIGHTLY: Final = "daily_costs_schedule"
_DAY = timedelta(days=1)


def _on_sundays(name: str, job: str, hour: int, what: str) -> ScheduleDefinition:
    return ScheduleDefinition(
        name=name,
        job_name=job,
        cron_schedule=f"0 {hour} * * 0",
        execution_timezone="UTC",
        tags=RETRIED_IF_KILLED,
        default_status=DefaultScheduleStatus.RUNNING,
        description=f"Sundays: {what}.",
    )


weekly_retention_schedule = _on_sundays(
    "weekly_retention_schedule",
    WEEKLY_RETENTION,
    3,
    "usage older than its tenant keeps it is deleted or archived",
)

weekly_reconciliation_schedule = _on_sundays(
    "weekly_reconciliation_schedule",
    WEEKLY_RECONCILIATION,
    5,  # after the retention, which makes old days final
    "days that changed without being marked as stale are found and repaired",
)


def build_daily_costs_schedule(settings: Settings) -> ScheduleDefinition:
    """Return `daily_costs_schedule`, which runs at 02:00 UTC, as loopctl's own rollup does."""

    @schedule(
        name=_NIGHTLY,
        job_name=DAILY_COSTS,
        cron_schedule="0 2 * * *",
        execution_timezone="UTC",
        default_status=DefaultScheduleStatus.RUNNING,
        description=(
            "Yesterday's costs of all active tenants, and once more the "
            f"{settings.trailing_days} days before it, for reports that were committed late. After "
            f"missed nights, all days since the last nightly run, {MOST_NIGHTS} at most."
        ),
    )
    def daily_costs_schedule(
        context: ScheduleEvaluationContext, database: ResourceParam[Database]
    ) -> RunRequest | SkipReason:
        at = context.scheduled_execution_time
        keys = tenant_order(context.instance)
        tenants = list_tenants(database)
        active = [key for key in keys if key in tenants and tenants[key].is_active]
        previous = last_nightly_day(context.instance)
        nightly = nightly_range(settings, at, active, previous)
        if nightly is None:
            return SkipReason(
                "No active tenant has a partition yet: see tenants_sensor."
                if not active
                else f"The day before {at:%Y-%m-%d} lies before LOOPCTL_START_DATE."
            )
        tags = {**range_tags(nightly), **RETRIED_IF_KILLED}
        if missed := missed_nights(at, previous):
            context.log.warning("The run makes up for %d missed nights.", missed)
            tags[MISSED_NIGHTS_TAG] = str(missed)
        return RunRequest(run_key=f"{at:%Y-%m-%d}", tags=tags)

    return daily_costs_schedule


def last_nightly_day(instance: DagsterInstance) -> date | None:
    """Return the last UTC day of the latest nightly run that ended; None if none has ended.

    A run counts even if some of its tenants failed: otherwise one bad tenant would make every night
    longer than the one before. A run that was killed does not count.
    """
    ended = RunsFilter(
        job_name=DAILY_COSTS,
        statuses=[DagsterRunStatus.SUCCESS, DagsterRunStatus.FAILURE],
        tags={"dagster/schedule_name": _NIGHTLY},
    )
    for run in instance.get_runs(ended, limit=MOST_NIGHTS):
        if not has_died(run) and (covered := range_of_tags(run.tags)) is not None:
            return day_and_slug(covered.end)[0]
    return None


def missed_nights(scheduled: datetime, previous: date | None) -> int:
    """Return the number of nights without a nightly run before the one that is scheduled.

    Args:
        scheduled: the time that the schedule was due, UTC.
        previous: last day of the latest nightly run that ended; None: there was none.
    """
    last = scheduled.date() - _DAY
    if previous is None or previous >= last:
        return 0
    return min((last - previous).days - 1, MOST_NIGHTS)


def nightly_range(
    settings: Settings,
    scheduled: datetime,
    active: Sequence[str],
    previous: date | None = None,
) -> PartitionKeyRange | None:
    """Return the partitions of the run scheduled for this time; None if there are none.

    The day comes from the scheduled time, so a late or repeated evaluation computes the same day.

    Args:
        settings: for the first day that has partitions, and the number of trailing days.
        scheduled: the time that the schedule was due, UTC.
        active: keys of the active tenants, in partition order.
        previous: last day of the latest nightly run that ended; None: there was none.
    """
    last = scheduled.date() - _DAY
    start = settings.start_date.resolve(scheduled.date())
    days = max(settings.trailing_days, missed_nights(scheduled, previous))
    first = max(start, last - days * _DAY)
    if not active or first > last:
        return None
    return partition_range((first, last), (active[0], active[-1]))
