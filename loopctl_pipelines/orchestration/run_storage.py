"""Dagster's runs in PostgreSQL: the first end of a run counts."""

from datetime import datetime

from dagster import DagsterEvent, RunsFilter
from dagster_postgres import PostgresRunStorage


class FirstEndRunStorage(PostgresRunStorage):
    """Keeps the status of a run that has ended.

    Otherwise a run that was marked as failed while its process was paused would be a success, or
    canceled, once the process goes on; its partitions may be in another run by then.
    """

    def handle_run_event(
        self, run_id: str, event: DagsterEvent, update_timestamp: datetime | None = None
    ) -> None:
        """Set the run's status from the event, unless the run has ended."""
        found = self.get_runs(RunsFilter(run_ids=[run_id]))
        if not any(run.is_finished for run in found):
            super().handle_run_event(run_id, event, update_timestamp)
