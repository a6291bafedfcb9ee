"""The nightly run over yesterday and a few days before it, and the weekly jobs."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from dagster import (
    DefaultScheduleStatus,
    PartitionKeyRange,
    ResourceParam,
    RunRequest,
    ScheduleDefinition,
    ScheduleEvaluationContext,
    SkipReason,
    schedule,
)

from loopctl_pipelines.costs.jobs import DAILY_COSTS, WEEKLY_RECONCILIATION, WEEKLY_RETENTION
from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.partitions import partition_range, range_tags, tenant_order
from loopctl_pipelines.settings import Settings
from loopctl_pipelines.tenants.operator_queries import list_tenants

_DAY = timedelta(days=1)


def _on_sundays(name: str, job: str, hour: int, what: str) -> ScheduleDefinition:
    return ScheduleDefinition(
        name=name,
        job_name=job,
        cron_schedule=f"0 {hour} * * 0",
        execution_timezone="UTC",
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
        name="daily_costs_schedule",
        job_name=DAILY_COSTS,
        cron_schedule="0 2 * * *",
        execution_timezone="UTC",
        default_status=DefaultScheduleStatus.RUNNING,
        description=(
            "Yesterday's costs of all active tenants, and once more the "
            f"{settings.trailing_days} days before it, for reports that were committed late."
        ),
    )
    def daily_costs_schedule(
        context: ScheduleEvaluationContext, database: ResourceParam[Database]
    ) -> RunRequest | SkipReason:
        at = context.scheduled_execution_time
        keys = tenant_order(context.instance)
        tenants = list_tenants(database)
        active = [key for key in keys if key in tenants and tenants[key].is_active]
        nightly = nightly_range(settings, at, active)
        if nightly is None:
            return SkipReason(
                "No active tenant has a partition yet: see tenants_sensor."
                if not active
                else f"The day before {at:%Y-%m-%d} lies before LOOPCTL_START_DATE."
            )
        return RunRequest(run_key=f"{at:%Y-%m-%d}", tags=range_tags(nightly))

    return daily_costs_schedule


def nightly_range(
    settings: Settings, scheduled: datetime, active: Sequence[str]
) -> PartitionKeyRange | None:
    """Return the partitions of the run scheduled for this time; None if there are none.

    The day comes from the scheduled time, so a late or repeated evaluation computes the same day.

    Args:
        settings: for the first day that has partitions, and the number of trailing days.
        scheduled: the time that the schedule was due, UTC.
        active: keys of the active tenants, in partition order.
    """
    last = scheduled.date() - _DAY
    start = settings.start_date.resolve(scheduled.date())
    first = max(start, last - settings.trailing_days * _DAY)
    if not active or first > last:
        return None
    return partition_range((first, last), (active[0], active[-1]))
