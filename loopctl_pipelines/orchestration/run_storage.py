"""Dagster's runs in PostgreSQL: the first end of a run counts."""

import json
from collections.abc import Mapping
from datetime import datetime

from dagster import DagsterEvent, DagsterRun, DagsterRunStatus, RunsFilter
from dagster_postgres import PostgresRunStorage

from loopctl_pipelines.database.statements import statement
from loopctl_pipelines.orchestration.dagster_internals import BulkActionStatus, PartitionBackfill
from loopctl_pipelines.orchestration.storage_outages import (
    NO_PATIENCE,
    StorageOutages,
    outlasting,
)


@outlasting
class FirstEndRunStorage(PostgresRunStorage):
    """Keeps the status of a run that has ended.

    Otherwise a run that was marked as failed while its process was paused would be a success, or
    canceled, once the process goes on; its partitions may be in another run by then.
    """

    outages: StorageOutages = NO_PATIENCE

    def add_run(self, dagster_run: DagsterRun) -> DagsterRun:
        """Store a run with its tags."""
        add = super().add_run

        def attempt(*, repeated: bool) -> DagsterRun:
            if repeated and self.has_run(dagster_run.run_id):
                self._add_missing_tags(dagster_run.run_id)
                return dagster_run
            return add(dagster_run)

        return self.outages.store(attempt)

    def add_run_tags(self, run_id: str, new_tags: Mapping[str, str]) -> None:
        """Add or change tags of a run."""
        add = super().add_run_tags

        def attempt(*, repeated: bool) -> None:
            add(run_id, new_tags)
            if repeated:
                self._add_missing_tags(run_id)

        self.outages.store(attempt)

    def _add_missing_tags(self, run_id: str) -> None:
        """Add those that an outage has kept from being stored beside the run's own row."""
        [run] = self.get_runs(RunsFilter(run_ids=[run_id]))
        query = statement(__package__, "add_missing_run_tags").decode()
        asked = {"run_id": run_id, "tags": json.dumps(dict(run.tags_for_storage()))}
        with self.connect() as connection:
            connection.exec_driver_sql(query, asked)

    def handle_run_event(
        self, run_id: str, event: DagsterEvent, update_timestamp: datetime | None = None
    ) -> None:
        """Set the run's status from the event, unless the run has ended."""
        handle = super().handle_run_event

        def attempt() -> None:
            found = self.get_runs(RunsFilter(run_ids=[run_id]))
            if not any(run.is_finished for run in found):
                handle(run_id, event, update_timestamp)

        self.outages.outlast(attempt)

    def update_backfill(self, partition_backfill: PartitionBackfill) -> None:
        """Store the backfill; it has succeeded if all of its runs have.

        Dagster marks it as failed if a partition has no result. That is one of a tenant that was
        suspended or renamed meanwhile, which the run skipped with a warning.
        """
        if (
            partition_backfill.status is BulkActionStatus.COMPLETED_FAILED
            and partition_backfill.is_asset_backfill
            and self._have_succeeded(partition_backfill.backfill_id)
        ):
            succeeded = BulkActionStatus.COMPLETED_SUCCESS
            partition_backfill = partition_backfill._replace(status=succeeded)
        super().update_backfill(partition_backfill)

    def _have_succeeded(self, backfill_id: str) -> bool:
        runs = self.get_runs(RunsFilter.for_backfill(backfill_id))
        return bool(runs) and all(run.status is DagsterRunStatus.SUCCESS for run in runs)
