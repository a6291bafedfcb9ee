"""The only module that uses Dagster's private API: each name with why, and what would replace it.

`dagster` is pinned to a minor version, and `dagster_internals_test` has one test for each name, so
that a Dagster that moves one says so.
"""

from collections.abc import Sequence
from typing import Final
from uuid import uuid4

from dagster import (
    AssetCheckEvaluation,
    AssetExecutionContext,
    AssetMaterialization,
    AssetObservation,
    DagsterEvent,
    DagsterEventType,
    DagsterInstance,
    LoggerDefinition,
    MultiPartitionKey,
    MultiPartitionsDefinition,
    OpExecutionContext,
    PartitionKeyRange,
    PartitionsDefinition,
)

# An evaluation names the materialization that it checked; `AssetCheckResult` looks that up itself,
# with a query for each partition. Waits for: a public class to pass it in.
from dagster._core.definitions.asset_checks.asset_check_evaluation import (
    AssetCheckEvaluationTargetMaterializationData,
)

# The tags that make a materialization comparable with the current code and inputs. Dagster adds
# them to a step's own result only. Waits for: a public way to record some partitions of a run.
from dagster._core.definitions.data_version import (
    DATA_VERSION_TAG,
    DEFAULT_DATA_VERSION,
    SKIP_PARTITION_DATA_VERSION_DEPENDENCY_THRESHOLD,
    compute_logical_data_version,
)

# Whether the definitions are loaded for a run, which need not check what was checked at start.
# Waits for: its export.
from dagster._core.definitions.definitions_load_context import (
    DefinitionsLoadContext,
    DefinitionsLoadType,
)

# The selected partitions of a backfill, of which the daemon makes runs. Waits for: a Dagster that
# covers a selection of two dimensions with rectangles; it makes a run for each day.
from dagster._core.definitions.partitions.subset import DefaultPartitionsSubset

# Metadata that keeps Dagster from recording every partition of a run, those that were skipped
# included. Waits for: a `MaterializeResult` that names its partitions.
from dagster._core.definitions.source_asset import SYSTEM_METADATA_KEY_SOURCE_ASSET_OBSERVATION

# Marks events that are stored with one statement. Waits for: `context.log_events(...)`, a public
# way to log many events at once.
from dagster._core.events import DagsterEventBatchMetadata

# Where a run gets the loggers that print what it does. Waits for: loggers that the instance, or the
# definitions, give to all runs.
from dagster._core.execution import context_creation_job

# A backfill and its end, which a run that skips partitions must not turn red. Waits for: partitions
# that a run may skip.
from dagster._core.execution.backfill import BulkActionStatus, PartitionBackfill

# The states of a check in the table below. Waits for: an event log storage that stores the planned
# events and the evaluations of many partitions at once.
from dagster._core.storage.asset_check_execution_record import AssetCheckExecutionRecordStatus

# Dagster's table of events. Waits for: a query for the partitions that a run has materialized, and
# a way to withdraw what a run had planned.
from dagster._core.storage.event_log import SqlEventLogStorageTable

# Dagster's table of checks. Waits for: the same as their states. And with it the tables that hold
# a partition's name, of a tenant that was renamed. Waits for: a way to rename a partition.
from dagster._core.storage.event_log.schema import (
    AssetCheckExecutionsTable,
    AssetEventTagsTable,
    AssetKeyTable,
)

# The context in which Dagster's webserver answers. Waits for: a webserver that takes middleware.
from dagster._core.workspace.context import WorkspaceProcessContext

# Where that context finds the code. Waits for: the same.
from dagster._core.workspace.load_target import WorkspaceFileTarget

# The type of an argument in the constructor of every configurable storage. Waits for: its export.
# And the text of an event in Dagster's table. Waits for: an event log that stores an event once if
# the server ends in the middle.
from dagster._serdes import ConfigurableClassData, serialize_value

# Has Ctrl-C end a wait for the storage, in which Dagster would only note it. Waits for: a storage
# whose waits Dagster interrupts.
from dagster._utils.interrupts import raise_interrupts_as
from sqlalchemy.engine import Engine

from loopctl_pipelines.orchestration.key_rectangles import key_rectangles

__all__ = [
    "DATA_VERSION_TAG",
    "DEFAULT_DATA_VERSION",
    "EVENTS_ARE_RECORDED",
    "MOST_HASHED_INPUT_PARTITIONS",
    "AssetCheckEvaluationTargetMaterializationData",
    "AssetCheckExecutionRecordStatus",
    "AssetCheckExecutionsTable",
    "AssetEventTagsTable",
    "AssetKeyTable",
    "BulkActionStatus",
    "ConfigurableClassData",
    "PartitionBackfill",
    "SqlEventLogStorageTable",
    "StepContext",
    "WorkspaceFileTarget",
    "WorkspaceProcessContext",
    "compute_logical_data_version",
    "cover_backfills_with_rectangles",
    "engine_of",
    "is_loaded_for_a_run",
    "log_evaluations",
    "log_materializations",
    "log_observations",
    "log_runs_with",
    "raise_interrupts_as",
    "serialize_value",
]

EVENTS_ARE_RECORDED: Final = SYSTEM_METADATA_KEY_SOURCE_ASSET_OBSERVATION
"""Metadata key of a result whose materializations are recorded already."""

MOST_HASHED_INPUT_PARTITIONS: Final = SKIP_PARTITION_DATA_VERSION_DEPENDENCY_THRESHOLD - 1
"""With more partitions, the version of an input is that of its latest materialization."""

StepContext = AssetExecutionContext | OpExecutionContext


_DAGSTERS_RANGES: Final = DefaultPartitionsSubset.get_partition_key_ranges


def cover_backfills_with_rectangles(most: int) -> None:
    """Have this process start one run for 7 days x 10 tenants of a backfill, not one for each day.

    The UI promises one. The daemon knows the partitions from a snapshot, so no definition of ours
    can say how they become ranges.

    Args:
        most: partitions that one run covers, unless a single day has more.
    """

    def ranges_of(
        subset: DefaultPartitionsSubset, partitions_def: PartitionsDefinition
    ) -> Sequence[PartitionKeyRange]:
        """Return the fewest ranges of at most so many partitions: rectangles, or Dagster's own."""
        found = _DAGSTERS_RANGES(subset, partitions_def)
        if not isinstance(partitions_def, MultiPartitionsDefinition):
            return found
        if len(found) == 1 and len(subset) <= most:
            return found
        covered = _rectangles(subset, partitions_def, most)
        return found if len(found) < len(covered) and len(subset) <= most else covered

    DefaultPartitionsSubset.get_partition_key_ranges = ranges_of  # type: ignore[assignment, method-assign]


def _rectangles(
    subset: DefaultPartitionsSubset, partitions: MultiPartitionsDefinition, most: int
) -> list[PartitionKeyRange]:
    names = (partitions.primary_dimension.name, partitions.secondary_dimension.name)

    def key(pair: tuple[str, str]) -> MultiPartitionKey:
        return MultiPartitionKey(dict(zip(names, pair, strict=True)))

    parts = [
        partitions.get_partition_key_from_str(text).keys_by_dimension
        for text in subset.get_partition_keys()
    ]
    covered = key_rectangles(
        [(part[names[0]], part[names[1]]) for part in parts],
        partitions.primary_dimension.partitions_def.get_partition_keys(),
        partitions.secondary_dimension.partitions_def.get_partition_keys(),
        most=most,
    )
    return [PartitionKeyRange(key(each.first), key(each.last)) for each in covered]


def log_runs_with(logger: LoggerDefinition) -> None:
    """Have the runs of this process print with this logger; its config has the key `log_level`."""

    def loggers(
        instance: DagsterInstance | None,
    ) -> list[tuple[LoggerDefinition, dict[str, object]]]:
        level = (instance and instance.python_log_level) or "DEBUG"
        return [(logger, {"log_level": level})]

    context_creation_job.default_system_loggers = loggers  # type: ignore[attr-defined]


def is_loaded_for_a_run() -> bool:
    """Return whether this process loads the definitions to work on a run, not to offer them."""
    return DefinitionsLoadContext.get().load_type is DefinitionsLoadType.RECONSTRUCTION


def log_materializations(
    context: StepContext, materializations: Sequence[AssetMaterialization]
) -> None:
    """Log them as one batch; `context.log_event` stores each event separately."""
    step = context.get_step_execution_context()
    for materialization, batch in zip(materializations, _batch(materializations), strict=True):
        DagsterEvent.asset_materialization(step, materialization, batch)


def log_observations(context: StepContext, observations: Sequence[AssetObservation]) -> None:
    """Log them as one batch, as materializations."""
    step = context.get_step_execution_context()
    for observation, batch in zip(observations, _batch(observations), strict=True):
        DagsterEvent.asset_observation(step, observation, batch)


def log_evaluations(
    context: StepContext, evaluations: Sequence[AssetCheckEvaluation], *, in_batch: bool
) -> None:
    """Log them, as one batch if the storage accepts that; Dagster's own does not."""
    step = context.get_step_execution_context()
    for evaluation, batch in zip(evaluations, _batch(evaluations), strict=True):
        DagsterEvent.from_step(
            DagsterEventType.ASSET_CHECK_EVALUATION,
            step,
            evaluation,
            batch_metadata=batch if in_batch else None,
        )


def _batch(events: Sequence[object]) -> list[DagsterEventBatchMetadata]:
    batch, last = str(uuid4()), len(events) - 1
    return [DagsterEventBatchMetadata(batch, is_end=n == last) for n in range(len(events))]


def engine_of(storage: object) -> Engine:
    """Return the connection pool of one of Dagster's PostgreSQL storages.

    `_engine` waits for: a storage that is given its engine, or takes `pool_pre_ping`.
    """
    engine = getattr(storage, "_engine", None)
    if not isinstance(engine, Engine):
        raise TypeError(f"{type(storage).__name__} no longer has its engine in _engine.")
    return engine
