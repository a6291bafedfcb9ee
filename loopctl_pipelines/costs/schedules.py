"""The nightly run over yesterday and a few days before it, and the weekly jobs."""

from dagster import (
    DefaultScheduleStatus,
    ResourceParam,
    RunRequest,
    ScheduleDefinition,
    ScheduleEvaluationContext,
    SkipReason,
    schedule,
)

from loopctl_pipelines.costs.jobs import DAILY_COSTS, WEEKLY_RECONCILIATION, WEEKLY_RETENTION
from loopctl_pipelines.costs.nights import (
    MISSED_NIGHTS_TAG,
    MOST_NIGHTS,
    NIGHTLY,
    last_nightly_day,
    missed_nights,
    night_parts,
    nightly_range,
    numbered,
)
from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.orchestration.run_retries import RETRIED_IF_KILLED
from loopctl_pipelines.partitions import tenant_order
from loopctl_pipelines.settings import Settings
from loopctl_pipelines.tenants.operator_queries import list_tenants


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
        name=NIGHTLY,
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
    ) -> list[RunRequest] | SkipReason:
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
        tags = dict(RETRIED_IF_KILLED)
        if missed := missed_nights(at, previous):
            context.log.warning("The night makes up for %d missed nights.", missed)
            tags[MISSED_NIGHTS_TAG] = str(missed)
        parts = night_parts(database, [tenants[key] for key in active], nightly, settings)
        return [
            RunRequest(run_key=f"{at:%Y-%m-%d}{part}", tags={**tags, **of_part})
            for part, of_part in numbered(parts)
        ]

    return daily_costs_schedule
