"""Runs a job over partitions in this process; the UI shows the run like any other."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from dagster import (
    AssetKey,
    DagsterEvent,
    DagsterEventType,
    DagsterExecutionInterruptedError,
    DagsterInstance,
    ExecuteInProcessResult,
    JobDefinition,
    PartitionKeyRange,
)

from loopctl_pipelines.orchestration.errors import RunEndedElsewhereError
from loopctl_pipelines.orchestration.event_storage import BatchingEventLogStorage
from loopctl_pipelines.partitions import range_tags

_INTERRUPTS: Final = {"KeyboardInterrupt", "DagsterExecutionInterruptedError"}
# callers print the result; Dagster's log is in the UI
_QUIET: Final = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


@dataclass(frozen=True, slots=True)
class EndedRun:
    """A run that has ended.

    Attributes:
        run_id: Dagster's id.
        materialized: (asset, partition) pairs that the run recorded.
        failure: the sentence that Dagster shows as the run's failure; None if it succeeded.
    """

    run_id: str
    materialized: list[tuple[AssetKey, str]]
    failure: str | None


def run_in_process(
    instance: DagsterInstance,
    job: JobDefinition,
    partitions: PartitionKeyRange,
    *,
    tags: Mapping[str, str] | None = None,
    assets: Sequence[AssetKey] | None = None,
) -> EndedRun:
    """Run the job over a range of partitions, for these of its assets or all of them.

    Raises:
        RunEndedElsewhereError: if it was marked as ended meanwhile.
        KeyboardInterrupt: if the run was interrupted; Dagster only marks it as failed.
    """
    try:
        ended = job.execute_in_process(
            instance=instance,
            run_config=_QUIET,
            tags={**range_tags(partitions), **(tags or {})},
            asset_selection=assets,
            raise_on_error=False,
        )
    except (KeyboardInterrupt, DagsterExecutionInterruptedError):
        raise _interruption(instance) from None
    if _was_interrupted(ended) or _was_stopped(instance):
        raise _interruption(instance)
    failure = None if ended.success else _failure(instance, ended.run_id)
    return EndedRun(ended.run_id, _materialized(instance, ended.run_id), failure)


def _was_interrupted(ended: ExecuteInProcessResult) -> bool:
    # of a run that was marked as ended before, Dagster records the interruption of the step only
    errors = [e.job_failure_data.error for e in ended.all_events if e.is_job_failure]
    errors += [e.step_failure_data.error for e in ended.all_events if e.is_step_failure]
    return any(error.cls_name in _INTERRUPTS for error in errors if error)


def _interruption(instance: DagsterInstance) -> BaseException:
    return RunEndedElsewhereError() if _was_stopped(instance) else KeyboardInterrupt()


def _was_stopped(instance: DagsterInstance) -> bool:
    storage = instance.event_log_storage
    return isinstance(storage, BatchingEventLogStorage) and storage.pulse.was_stopped


def _materialized(instance: DagsterInstance, run_id: str) -> list[tuple[AssetKey, str]]:
    if isinstance(storage := instance.event_log_storage, BatchingEventLogStorage):
        return storage.materialized_in(run_id)
    return [
        (event.asset_key, event.partition)
        for event in _events(instance, run_id, DagsterEventType.ASSET_MATERIALIZATION)
        if event.asset_key and event.partition
    ]


def _failure(instance: DagsterInstance, run_id: str) -> str:
    for event in _events(instance, run_id, DagsterEventType.STEP_FAILURE):
        given = event.step_failure_data.user_failure_data
        if given and given.description:
            return given.description
    return f"Run {run_id} failed; its log is in the Dagster UI."


def _events(instance: DagsterInstance, run_id: str, kind: DagsterEventType) -> list[DagsterEvent]:
    return [entry.get_dagster_event() for entry in instance.all_logs(run_id, of_type=kind)]
