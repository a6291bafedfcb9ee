"""The one way to record materializations and evaluations, whatever the asset is.

Dagster records all partitions of a run or none. Here a run records the partitions that landed, in
batches, with the tags that Dagster gives to a step's own result.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence

from dagster import (
    AssetCheckEvaluation,
    AssetExecutionContext,
    AssetKey,
    AssetMaterialization,
    MaterializeResult,
    MetadataValue,
)

from loopctl_pipelines.orchestration.dagster_internals import (
    EVENTS_ARE_RECORDED,
    StepContext,
    log_evaluations,
    log_materializations,
)
from loopctl_pipelines.orchestration.event_storage import BatchingEventLogStorage
from loopctl_pipelines.orchestration.partition_failures import FailedPartitions, run_failure
from loopctl_pipelines.orchestration.partition_reasons import record_reasons
from loopctl_pipelines.orchestration.run_scope import partitions_of_run
from loopctl_pipelines.partitions import dimension_tags

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
                asset, metadata=metadata, partition=key, tags={**provenance, **dimension_tags(key)}
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
    reasons = [(key, str(part.error)) for part in failed for key in part.keys]
    _forget_skipped(context, {*landed, *(key for key, _ in reasons)})
    if failed:
        record_reasons(context, reasons)
        _record_left_undone(context)
        raise run_failure(len(landed), failed)
    return MaterializeResult(metadata={EVENTS_ARE_RECORDED: True})


def record_evaluations(context: StepContext, evaluations: Sequence[AssetCheckEvaluation]) -> None:
    """Record the evaluations of a check, one for each partition, in batches if possible."""
    in_batch = isinstance(context.instance.event_log_storage, BatchingEventLogStorage)
    log_evaluations(context, evaluations, in_batch=in_batch)


def _record_left_undone(context: AssetExecutionContext) -> None:
    """Record it for the partitions of later assets, which Dagster shows as failed as well."""
    storage, run_id = context.instance.event_log_storage, context.run.run_id
    if not isinstance(storage, BatchingEventLogStorage):
        return
    undone: defaultdict[AssetKey, list[str]] = defaultdict(list)
    for asset, key in set(storage.planned_in(run_id)).difference(storage.materialized_in(run_id)):
        undone[asset].append(key)
    undone.pop(context.asset_key, None)
    name = context.asset_key.to_user_string()
    reason = f"Left undone: partitions of {name} failed in the same run. Their pages say why."
    for asset, keys in undone.items():
        record_reasons(context, [(key, reason) for key in sorted(keys)], asset=asset)


def _forget_skipped(context: AssetExecutionContext, worked_on: Collection[str]) -> None:
    """Withdraw what the run had planned for partitions that it skipped.

    Otherwise their checks would be shown as skipped, or the partitions as failed.
    """
    storage = context.instance.event_log_storage
    skipped = set(partitions_of_run(context)).difference(worked_on)
    if skipped and isinstance(storage, BatchingEventLogStorage):
        storage.forget_planned(context.run.run_id, skipped)
