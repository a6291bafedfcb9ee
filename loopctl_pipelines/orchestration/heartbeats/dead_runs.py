"""Marks the runs as failed whose process has died, so that nothing waits for them."""

from typing import Final

from dagster import DagsterInstance, DagsterRun, DagsterRunStatus

from loopctl_pipelines.orchestration.event_storage import BatchingEventLogStorage
from loopctl_pipelines.orchestration.heartbeats.death import cause_of_death
from loopctl_pipelines.orchestration.unfinished_runs import unfinished_runs

DIED_TAG: Final = "loopctl/died"
"""On a run that was ended because its process had died: the run's own id."""

_BEGUN: Final = {DagsterRunStatus.STARTED, DagsterRunStatus.CANCELING}

_WHAT_TO_DO: Final = (
    "What it had committed stays. Its other partitions count as failed: stale days, pending "
    "articles and the nightly run are requested again without you, materialize others again."
)


def end_dead_runs(instance: DagsterInstance) -> dict[str, str]:
    """Mark every dead run as failed, or as canceled if it was being canceled.

    Returns:
        The cause of each death, by run id. Nothing on a storage without heartbeats.
    """
    storage = instance.event_log_storage
    if not isinstance(storage, BatchingEventLogStorage):
        return {}
    runs = {
        run.run_id: run
        for run in unfinished_runs(instance)
        if run.status is not DagsterRunStatus.QUEUED
    }
    ended: dict[str, str] = {}
    for heartbeat in storage.heartbeats.look(sorted(runs)) if runs else ():
        run = runs[heartbeat.run_id]
        # a run's first event records its creator, so one without a process lost it before that
        unknown = True if run.status is DagsterRunStatus.NOT_STARTED else None
        gone = heartbeat.process.is_gone() if heartbeat.process else unknown
        cause = cause_of_death(heartbeat, gone=gone, has_begun=run.status in _BEGUN)
        if cause and storage.heartbeats.claim(heartbeat) and _end(instance, run, cause):
            ended[run.run_id] = cause
    return ended


def has_died(run: DagsterRun) -> bool:
    """Return whether the run was marked as failed because its process had died."""
    # the automatic retry of a run has the tags of the run
    return run.tags.get(DIED_TAG) == run.run_id


def _end(instance: DagsterInstance, run: DagsterRun, cause: str) -> bool:
    current = instance.get_run_by_id(run.run_id)
    if current is None or current.is_finished:
        return False
    instance.add_run_tags(run.run_id, {DIED_TAG: run.run_id})
    report = (
        instance.report_run_canceled
        if current.status is DagsterRunStatus.CANCELING
        else instance.report_run_failed
    )
    report(current, f"{cause} {_WHAT_TO_DO}")
    return True
