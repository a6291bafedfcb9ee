"""Deletes from Dagster's tables in batches, each of them a short transaction of its own."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from dagster import DagsterEventType, DagsterRunStatus

from loopctl_pipelines.database.statements import statement
from loopctl_pipelines.orchestration.dagster_internals import BulkActionStatus
from loopctl_pipelines.orchestration.event_retention.scope import Bounds, OwnAsset
from loopctl_pipelines.orchestration.event_storage import BatchingEventLogStorage

_EVALUATION: Final = DagsterEventType.ASSET_CHECK_EVALUATION.value
_KINDS: Final = tuple(
    kind.value
    for kind in (
        DagsterEventType.ASSET_MATERIALIZATION,
        DagsterEventType.ASSET_MATERIALIZATION_PLANNED,
        DagsterEventType.ASSET_OBSERVATION,
    )
)
_ENDS: Final = [
    end.value
    for end in (DagsterRunStatus.SUCCESS, DagsterRunStatus.FAILURE, DagsterRunStatus.CANCELED)
]
_GOES_ON: Final = {
    BulkActionStatus.REQUESTED,
    BulkActionStatus.CANCELING,
    BulkActionStatus.FAILING,
}
_BACKFILL_ENDS: Final = [end.value for end in BulkActionStatus if end not in _GOES_ON]
_LISTED: Final = 100_000

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Batches:
    """Batches of one run of the retention.

    Each method that deletes yields the number of rows of each batch. Every batch is committed by
    itself, so that a run may end between any two of them, and begin again.

    Attributes:
        storage: Dagster's event log; its tables of runs are in the same database.
        bounds: what stays.
        rows: rows that a batch reads, at least 2; it deletes some or all of them.
    """

    storage: BatchingEventLogStorage
    bounds: Bounds
    rows: int = 2_000

    def superseded_events(self, asset: OwnAsset) -> Iterator[int]:
        """Delete the events of an asset's partitions, except the latest of each kind."""
        for kind in _KINDS:
            place: Row = {"partition": "", "id": 0}
            while True:
                found = self._execute(
                    "delete_superseded_events",
                    **place,
                    asset_key=asset.key,
                    kind=kind,
                    first_key=asset.first_key(self.bounds.start),
                    dependents=list(asset.dependents),
                )
                if not found:
                    break
                [row] = found
                yield row["deleted"]
                if row["seen"] < self.rows:
                    break
                place = {"partition": row["partition"], "id": row["id"]}

    def superseded_unpartitioned(self, asset: OwnAsset) -> Iterator[int]:
        """Delete the events of an asset without partitions, except the latest of each kind."""
        for kind in _KINDS:
            yield from self._until_none(
                "delete_superseded_unpartitioned", asset_key=asset.key, kind=kind
            )

    def evaluations(self, jobs: Sequence[str]) -> Iterator[int]:
        """Delete the evaluations of checks in the logs of runs of these jobs."""
        last = 0
        while True:
            [row] = self._execute("delete_evaluations", id=last, kind=_EVALUATION, jobs=list(jobs))
            yield row["deleted"]
            # ids grow with time, but not strictly: a page without an old one is past all of them
            if row["seen"] < self.rows or not row["old"]:
                return
            last = row["id"]

    def superseded_executions(self, asset: OwnAsset) -> Iterator[int]:
        """Delete results of an asset's checks, except the latest of each status and partition."""
        while ids := self._ids(asset):
            for start in range(0, len(ids), self.rows):
                batch = ids[start : start + self.rows]
                self._execute("delete_executions", ids=batch)
                yield len(batch)
            if len(ids) < _LISTED:
                return

    def unneeded_runs(self, jobs: Sequence[str]) -> list[str]:
        """Return the ids of some ended runs of these jobs to which nothing that stays refers."""
        rows = self._execute("unneeded_runs", jobs=list(jobs))
        return [row["run_id"] for row in rows]

    def unneeded_backfills(self) -> list[str]:
        """Return the ids of ended backfills of which no run is left, of any code location."""
        return [row["key"] for row in self._execute("unneeded_backfills")]

    def delete_backfills(self, keys: Sequence[str]) -> int:
        """Delete backfills, and return their number."""
        [row] = self._execute("delete_backfills", keys=list(keys))
        return int(row["deleted"])

    def _ids(self, asset: OwnAsset) -> list[int]:
        first_key = asset.first_key(self.bounds.start)
        asked = {"asset_key": asset.key, "first_key": first_key, "rows": _LISTED}
        return [row["id"] for row in self._execute("superseded_executions", **asked)]

    def _until_none(self, name: str, **parameters: object) -> Iterator[int]:
        while True:
            [row] = self._execute(name, **parameters)
            if not row["deleted"]:
                return
            yield row["deleted"]

    def _execute(self, name: str, **parameters: object) -> list[Row]:
        query = statement(__package__, name).decode()
        asked = {
            "rows": self.rows,
            "before": self.bounds.before,
            "unfinished": list(self.bounds.unfinished),
            "asking": self.bounds.asking,
            "ends": _ENDS,
            "backfill_ends": _BACKFILL_ENDS,
            **parameters,
        }
        with self.storage.index_connection() as connection:
            result = connection.exec_driver_sql(query, asked)
            return [dict(row) for row in result.mappings()] if result.returns_rows else []
