"""Deletes what Dagster's storage no longer needs to show the state of every partition.

What stays, however old: of each partition the latest materialization, observation and planned
materialization, and the one from which a dependent was last computed; of each check and partition
the latest result of each status; and every run to which one of them refers, so that no link leads
to a run that is gone.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from dagster import AssetKey, DagsterInstance

from loopctl_pipelines.orchestration.errors import StorageNotOursError
from loopctl_pipelines.orchestration.event_retention.batches import Batches
from loopctl_pipelines.orchestration.event_retention.scope import Bounds, OwnHistory
from loopctl_pipelines.orchestration.event_storage import BatchingEventLogStorage


@dataclass(frozen=True, slots=True)
class Deleted:
    """Numbers of what was deleted.

    Attributes:
        events: materializations, observations and planned materializations.
        evaluations: evaluations of checks in the logs of runs.
        check_results: rows of Dagster's table of checks.
        runs: runs, each with its whole log.
        backfills: backfills.
    """

    events: int
    evaluations: int
    check_results: int
    runs: int
    backfills: int


def delete_history(
    instance: DagsterInstance, own: OwnHistory, bounds: Bounds, rows: int = 2_000
) -> Deleted:
    """Delete the old history of our assets and jobs; it may be ended and repeated at any moment.

    Args:
        instance: Dagster's instance.
        own: our assets and jobs. Nothing of others is deleted.
        bounds: what stays.
        rows: rows that one transaction reads.

    Raises:
        StorageNotOursError: if Dagster's storage is another one.
    """
    storage = instance.event_log_storage
    if not isinstance(storage, BatchingEventLogStorage):
        raise StorageNotOursError
    batches = Batches(storage, bounds, rows)
    return Deleted(
        events=sum(_events(batches, own)),
        evaluations=sum(batches.evaluations(own.jobs)),
        check_results=sum(
            deleted for asset in own.assets for deleted in batches.superseded_executions(asset)
        ),
        runs=sum(_runs(instance, batches, own)),
        backfills=_backfills(instance, batches, own),
    )


def _events(batches: Batches, own: OwnHistory) -> Iterator[int]:
    for asset in own.assets:
        if asset.is_partitioned:
            yield from batches.superseded_events(asset)
        else:
            yield from batches.superseded_unpartitioned(asset)


def _runs(instance: DagsterInstance, batches: Batches, own: OwnHistory) -> Iterator[int]:
    # a run that another has repeated is found once that one is gone
    while run_ids := batches.unneeded_runs(own.jobs):
        for run_id in run_ids:
            # before the run itself: whatever ends this in between, the run is found again
            instance.event_log_storage.delete_events(run_id)
            instance.compute_log_manager.delete_logs(prefix=[run_id])
            instance.delete_run(run_id)
            yield 1


def _backfills(instance: DagsterInstance, batches: Batches, own: OwnHistory) -> int:
    ours = {asset.key for asset in own.assets}
    return batches.delete_backfills(
        [
            key
            for key in batches.unneeded_backfills()
            if (selected := _selected(instance, key))
            and all(asset.to_string() in ours for asset in selected)
        ]
    )


def _selected(instance: DagsterInstance, backfill_id: str) -> list[AssetKey]:
    backfill = instance.get_backfill(backfill_id)
    return list(backfill.asset_selection or ()) if backfill else []
