"""The weekly job that deletes old history from Dagster's storage."""

from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Final

from dagster import (
    DefaultScheduleStatus,
    Definitions,
    MetadataValue,
    OpExecutionContext,
    ScheduleDefinition,
    job,
    op,
)

from loopctl_pipelines.orchestration.event_retention.retention import delete_history
from loopctl_pipelines.orchestration.event_retention.scope import Bounds, own_history
from loopctl_pipelines.orchestration.run_retries import RETRIED_IF_KILLED
from loopctl_pipelines.orchestration.unfinished_runs import unfinished_runs
from loopctl_pipelines.settings import Settings

WEEKLY_EVENT_RETENTION: Final = "weekly_event_retention"
"""The weekly job that deletes old events and runs of Dagster's."""


def build_event_retention_definitions(settings: Settings, domains: Definitions) -> Definitions:
    """Return the job and its schedule, over the history of all assets and jobs of the domains."""
    days = settings.dagster_retention_days
    own = own_history(domains)

    @op(
        description=(
            "Deletes events, results of checks, runs and backfills that are older than "
            "LOOPCTL_DAGSTER_RETENTION_DAYS, except the latest of each partition and the runs to "
            "which these refer."
        ),
    )
    def delete_old_events(context: OpExecutionContext) -> None:
        if not days:
            context.log.info("LOOPCTL_DAGSTER_RETENTION_DAYS is 0: everything is kept.")
            return
        now = datetime.now(UTC)
        bounds = Bounds(
            before=now.replace(tzinfo=None) - timedelta(days=days),
            start=settings.start_date.resolve(now.date()),
            unfinished=tuple(run.run_id for run in unfinished_runs(context.instance)),
            asking=context.run_id,
        )
        deleted = asdict(delete_history(context.instance, own, bounds))
        shown = {f"{name} deleted": MetadataValue.int(count) for name, count in deleted.items()}
        context.add_output_metadata(shown)

    @job(
        name=WEEKLY_EVENT_RETENTION,
        description="Deletes old events and runs from Dagster's storage; the latest stay.",
    )
    def weekly_event_retention() -> None:
        delete_old_events()

    schedule = ScheduleDefinition(
        name="weekly_event_retention_schedule",
        job_name=WEEKLY_EVENT_RETENTION,
        # after the reconciliation, whose events supersede others
        cron_schedule="0 6 * * 0",
        execution_timezone="UTC",
        tags=RETRIED_IF_KILLED,
        default_status=DefaultScheduleStatus.RUNNING,
        description="Sundays: old events and runs of Dagster's are deleted, the latest stay.",
    )
    return Definitions(jobs=[weekly_event_retention], schedules=[schedule])
