"""The rows of Dagster's table of checks: the last planned or finished execution by partition."""

from collections.abc import Mapping
from typing import Final

from dagster import EventLogEntry, serialize_value

from loopctl_pipelines.orchestration.dagster_internals import AssetCheckExecutionRecordStatus
from loopctl_pipelines.orchestration.event_rows import time_of

KEY: Final = ("asset_key", "check_name", "run_id", "partition")
"""The columns that identify a row."""

VALUES: Final = (
    "execution_status",
    "evaluation_event",
    "evaluation_event_timestamp",
    "evaluation_event_storage_id",
    "materialization_event_storage_id",
)
"""The columns that an evaluation sets."""


def planned_rows(event: EventLogEntry, event_id: int | None) -> list[dict[str, object]]:
    """Return a row for each partition of a planned check, by column; its event names none."""
    dagster_event = event.get_dagster_event()
    planned = dagster_event.asset_check_planned_data
    of_one = type(planned)(asset_key=planned.asset_key, check_name=planned.check_name)
    short = event._replace(dagster_event=dagster_event._replace(event_specific_data=of_one))
    same: dict[str, object] = {
        "asset_key": planned.asset_key.to_string(),
        "check_name": planned.check_name,
        "run_id": event.run_id,
        "execution_status": AssetCheckExecutionRecordStatus.PLANNED.value,
        "evaluation_event": serialize_value(short),
        "evaluation_event_timestamp": time_of(event),
        "evaluation_event_storage_id": event_id,
    }
    subset = planned.partitions_subset
    return [
        {**same, "partition": key} for key in (subset.get_partition_keys() if subset else [None])
    ]


def evaluated_row(
    event: EventLogEntry, stored: Mapping[str, object], event_id: int
) -> dict[str, object]:
    """Return the row of an evaluation, by column.

    Args:
        event: the evaluation.
        stored: its row in the table of events: to make its text takes longer than all else here.
        event_id: the id of that row.
    """
    evaluation = event.get_dagster_event().asset_check_evaluation_data
    target = evaluation.target_materialization_data
    status = (
        AssetCheckExecutionRecordStatus.SUCCEEDED
        if evaluation.passed
        else AssetCheckExecutionRecordStatus.FAILED
    )
    return {
        "asset_key": evaluation.asset_key.to_string(),
        "check_name": evaluation.check_name,
        "run_id": event.run_id,
        "partition": evaluation.partition,
        "execution_status": status.value,
        "evaluation_event": stored["event"],
        "evaluation_event_timestamp": stored["timestamp"],
        "evaluation_event_storage_id": event_id,
        "materialization_event_storage_id": target.storage_id if target else None,
    }
