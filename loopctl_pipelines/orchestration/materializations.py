"""The one way to record materializations and evaluations, whatever the asset is.

Dagster records all partitions of a run or none. Here a run records the partitions that landed, in
batches, with the tags that Dagster gives to a step's own result.
"""

from collections.abc import Collection, Mapping, Sequence

from dagster import (
    AssetCheckEvaluation,
    AssetExecutionContext,
    AssetKey,
    AssetMaterialization,
    AssetObservation,
    MaterializeResult,
    MetadataValue,
    MultiPartitionKey,
)

from loopctl_pipelines.orchestration.dagster_internals import (
    EVENTS_ARE_RECORDED,
    StepContext,
    log_evaluations,
    log_materializations,
    log_observations,
)
from loopctl_pipelines.orchestration.event_storage import BatchingEventLogStorage
from loopctl_pipelines.orchestration.partition_failures import (
    FailedPartitions,
    failure_reasons,
    run_failure,
)
from loopctl_pipelines.orchestration.run_scope import partitions_of_run

Metadata = Mapping[str, MetadataValue]
"""The metadata of one partition's materialization."""


def record_materializations(
    context: StepContext,
    asset: AssetKey,
    landed: Mapping[str, Metadata],
    provenance: Mapping[str, str],
) -> None:
    """Record the partitions of an asset that landed, in batches.

    Args:
        context: the step's.
        asset: the asset.
        landed: metadata by partition key.
        provenance: the tags that `provenance_tags` returned before the work.
    """
    log_materializations(
        context,
        [
            AssetMaterialization(
                asset, metadata=metadata, partition=key, tags={**provenance, **_dimensions(key)}
            )
            for key, metadata in landed.items()
        ],
    )


def end_step(
    context: AssetExecutionContext, landed: Collection[str], failed: Sequence[FailedPartitions]
) -> MaterializeResult[None]:
    """Return the result of a step whose partitions are recorded; downstream steps go on.

    Args:
        context: the step's.
        landed: the partition keys that were recorded.
        failed: the partitions that were not, in the order in which the failure names them.

    Each failed partition gets an observation with its reason, which its page in the UI shows.

    Raises:
        Failure: naming the failed partitions and why. Dagster shows exactly those as failed;
            partitions that the run skipped stay as they were.
    """
    if failed:
        _record_reasons(context, failed)
        _forget_skipped(context, {*landed, *(key for part in failed for key in part.keys)})
        raise run_failure(len(landed), failed)
    return MaterializeResult(metadata={EVENTS_ARE_RECORDED: True})


def record_evaluations(context: StepContext, evaluations: Sequence[AssetCheckEvaluation]) -> None:
    """Record the evaluations of a check, one for each partition, in batches if possible."""
    in_batch = isinstance(context.instance.event_log_storage, BatchingEventLogStorage)
    log_evaluations(context, evaluations, in_batch=in_batch)


def _record_reasons(context: AssetExecutionContext, failed: Sequence[FailedPartitions]) -> None:
    """Record why each partition failed. An observation updates nothing downstream."""
    run_id = context.run.run_id
    log_observations(
        context,
        [
            AssetObservation(
                context.asset_key,
                partition=key,
                description=reason,
                metadata={f"failed in run {run_id[:8]}": MetadataValue.text(reason)},
                tags=_dimensions(key),
            )
            for key, reason in failure_reasons(failed)
        ],
    )


def _dimensions(key: str) -> dict[str, str]:
    """Return the tags of a key of several dimensions, such as `dagster/partition/date`."""
    if not isinstance(key, MultiPartitionKey):
        return {}
    return {f"dagster/partition/{name}": part for name, part in key.keys_by_dimension.items()}


def _forget_skipped(context: AssetExecutionContext, worked_on: Collection[str]) -> None:
    """Withdraw what the run had planned for partitions that it skipped."""
    storage = context.instance.event_log_storage
    skipped = set(partitions_of_run(context)).difference(worked_on)
    if skipped and isinstance(storage, BatchingEventLogStorage):
        storage.forget_planned(context.run.run_id, skipped)
