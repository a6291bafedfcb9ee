"""Runs that are requested or in progress."""

from typing import Final

from dagster import DagsterInstance, DagsterRun, DagsterRunStatus, RunsFilter

_UNFINISHED: Final = RunsFilter(
    statuses=[
        DagsterRunStatus.NOT_STARTED,
        DagsterRunStatus.QUEUED,
        DagsterRunStatus.STARTING,
        DagsterRunStatus.STARTED,
        DagsterRunStatus.CANCELING,
    ]
)


def unfinished_runs(instance: DagsterInstance) -> list[DagsterRun]:
    """Return the runs that are requested or in progress, the latest first."""
    return runs(instance, _UNFINISHED)


def runs(instance: DagsterInstance, which: RunsFilter) -> list[DagsterRun]:
    """Return the runs that match, the latest first."""
    return [record.dagster_run for record in instance.get_run_records(which)]
