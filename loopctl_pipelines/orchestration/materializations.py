"""What a run over many partitions begins with and ends with, whatever its asset is.

One tenant's failure is its own: the others land, and one failure names those that did not.
"""

from collections.abc import Collection, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from dagster import (
    AssetCheckEvaluation,
    AssetExecutionContext,
    AssetMaterialization,
    DagsterEventType,
    Failure,
    MaterializeResult,
    MetadataValue,
    OpExecutionContext,
    partition_loading_context,
)
from dagster._core.definitions.source_asset import (
    SYSTEM_METADATA_KEY_SOURCE_ASSET_OBSERVATION as EVENTS_ARE_RECORDED,
)
from dagster._core.events import DagsterEvent, DagsterEventBatchMetadata
from dagster._core.execution.context.metadata_logging import (
    AssetMetadataHandle,
    OutputMetadataAccumulator,
    OutputMetadataHandle,
)

from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.database.preflight import check_database
from loopctl_pipelines.database.table_use import TableUse
from loopctl_pipelines.errors import PipelinesError
from loopctl_pipelines.orchestration.event_storage import BatchingEventLogStorage
from loopctl_pipelines.partitions import range_of_tags
from loopctl_pipelines.tenants.errors import InactiveTenantError, UnknownTenantError
from loopctl_pipelines.tenants.operator_queries import list_tenants
from loopctl_pipelines.tenants.tenant import Tenant

_SHOWN_FAILURES = 10

StepContext = AssetExecutionContext | OpExecutionContext
Described = Mapping[str, MetadataValue]
"""The metadata of one partition's materialization."""


@dataclass(frozen=True, slots=True)
class FailedPartitions:
    """Partitions that did not land, all for the same reason."""

    keys: Sequence[str]
    error: PipelinesError


def partitions_of_run(context: AssetExecutionContext) -> Sequence[str]:
    """Return the keys of the partitions that the run is for.

    A range that was launched on a job's page (Dagster 1.13) is a run with the tags of one partition
    beside those of the range. `context.partition_keys` is that one: the run would be green after 1
    of 30.
    """
    wanted = range_of_tags(context.run.tags)
    definition = context.assets_def.partitions_def
    if wanted is None or definition is None:
        return [str(key) for key in context.partition_keys]
    with partition_loading_context(dynamic_partitions_store=context.instance):
        return [str(key) for key in definition.get_partition_keys_in_range(wanted)]


def all_tenants(database: Database, tables: TableUse) -> dict[str, Tenant]:
    """Return every tenant by slug, once the database is known to be fit for these tables.

    Raises:
        Failure: if it is not.
    """
    try:
        check_database(database, tables)
        return list_tenants(database)
    except PipelinesError as error:
        raise Failure(str(error), allow_retries=False) from None


def active_tenants(
    context: AssetExecutionContext,
    database: Database,
    slugs: Collection[str],
    tables: TableUse,
) -> dict[str, Tenant]:
    """Return the active tenants among `slugs`, by slug; the others are left out and logged.

    Args:
        context: of the asset's run.
        database: where the tenants are.
        slugs: whom the run is for.
        tables: what it will read and write.

    Raises:
        Failure: if none is active, or the database is not fit to work with.
    """
    tenants = all_tenants(database, tables)
    active: dict[str, Tenant] = {}
    left_out: list[PipelinesError] = []
    for slug in dict.fromkeys(slugs):
        tenant = tenants.get(slug)
        if tenant is None:
            left_out.append(UnknownTenantError(slug))
        elif not tenant.is_active:
            left_out.append(InactiveTenantError(slug, tenant.status))
        else:
            active[slug] = tenant
    for reason in left_out:
        context.log.warning(str(reason))
    if not active:
        raise Failure(" ".join(map(str, left_out)), allow_retries=False)
    return active


def record_partitions(
    context: AssetExecutionContext,
    landed: Mapping[str, Described],
    failed: Sequence[FailedPartitions],
) -> MaterializeResult[None]:
    """Have Dagster show exactly what landed, and return the asset's result.

    Where that is every partition of the run, Dagster is to record the materializations. Where it is
    not (a tenant failed, or one is not active), they are recorded here. Both ways store them in
    batches. What is downstream in the same run goes on unless something failed. Then Dagster shows
    the partitions as failed that did, and not those that the run was to leave alone.

    Args:
        context: of the asset's run.
        landed: metadata by partition key.
        failed: what did not land, in the order in which it is to be told.

    Raises:
        Failure: naming the partitions that failed and why.
    """
    if landed.keys() == set(context.partition_keys):
        _attach(context, landed)
        return MaterializeResult()
    _record(context, landed)
    if failed:
        _forget_left_out(context, {*landed, *(key for part in failed for key in part.keys)})
        raise _failure(len(landed), failed)
    # of any other result Dagster records all partitions, also those that were left out
    return MaterializeResult(metadata={EVENTS_ARE_RECORDED: True})


def _attach(context: AssetExecutionContext, landed: Mapping[str, Described]) -> None:
    """Do what `context.add_asset_metadata` does for a partition, for all of them at once.

    For each, that lists all partitions of the run and copies all metadata given so far: 500
    partitions took three times as long as all else together, and it grows with their square.
    """
    step = context.get_step_execution_context()
    given = step._metadata_accumulator.per_output_metadata  # noqa: SLF001 - there is no other way
    added: dict[OutputMetadataHandle | AssetMetadataHandle, Mapping[str, Any]] = {
        AssetMetadataHandle(asset_key=context.asset_key, partition_key=key): metadata
        for key, metadata in landed.items()
    }
    step._metadata_accumulator = OutputMetadataAccumulator(  # noqa: SLF001
        per_output_metadata={**given, **added}
    )


def _forget_left_out(context: AssetExecutionContext, worked_on: AbstractSet[str]) -> None:
    """Have Dagster forget that the run's range was meant to hold those that it left alone."""
    storage = context.instance.event_log_storage
    left_out = set(partitions_of_run(context)) - worked_on
    if left_out and isinstance(storage, BatchingEventLogStorage):
        storage.forget_planned(context.run.run_id, left_out)


def _record(context: AssetExecutionContext, landed: Mapping[str, Described]) -> None:
    """Do what `context.log_event` does, which would store every event by itself."""
    step = context.get_step_execution_context()
    batch = str(uuid4())
    for number, (key, metadata) in enumerate(landed.items(), start=1):
        DagsterEvent.asset_materialization(
            step,
            AssetMaterialization(context.asset_key, None, metadata, key),
            DagsterEventBatchMetadata(batch, is_end=number == len(landed)),
        )


def record_evaluations(context: StepContext, evaluations: Sequence[AssetCheckEvaluation]) -> None:
    """Have Dagster store the evaluations of a check's partitions, in batches as well."""
    # Dagster's own storage refuses such a batch
    in_batches = isinstance(context.instance.event_log_storage, BatchingEventLogStorage)
    batch = str(uuid4())
    for number, evaluation in enumerate(evaluations, start=1):
        place = DagsterEventBatchMetadata(batch, is_end=number == len(evaluations))
        DagsterEvent.from_step(
            DagsterEventType.ASSET_CHECK_EVALUATION,
            context.get_step_execution_context(),
            evaluation,
            batch_metadata=place if in_batches else None,
        )


def told_errors(errors: Sequence[PipelinesError]) -> str:
    """Return the first of them as one text, and how many more there are in the log."""
    shown = " ".join(map(str, errors[:_SHOWN_FAILURES]))
    more = len(errors) - _SHOWN_FAILURES
    return f"{shown} And {more} more, see the log." if more > 0 else shown


def _failure(landed: int, failed: Sequence[FailedPartitions]) -> Failure:
    keys = [str(key) for part in failed for key in part.keys]
    return Failure(
        f"{len(keys)} of {len(keys) + landed} partitions failed. "
        + told_errors([part.error for part in failed]),
        metadata={"failed partitions": MetadataValue.json(keys)},
        allow_retries=False,
    )
