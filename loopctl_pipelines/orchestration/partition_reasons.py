"""Records on a partition's own page why a run did not compute it."""

from collections.abc import Iterable

from dagster import AssetExecutionContext, AssetKey, AssetObservation, MetadataValue

from loopctl_pipelines.orchestration.dagster_internals import log_observations
from loopctl_pipelines.orchestration.partition_failures import shorten
from loopctl_pipelines.partitions import dimension_tags

FAILED = "failed"
SKIPPED = "skipped"


def record_reasons(
    context: AssetExecutionContext,
    reasons: Iterable[tuple[str, str]],
    *,
    what: str = FAILED,
    asset: AssetKey | None = None,
) -> None:
    """Record observations, which update nothing downstream.

    Args:
        context: the step's.
        reasons: each partition's key and the reason.
        what: what the run did with the partitions: FAILED or SKIPPED.
        asset: the asset; None: the step's own.
    """
    run_id = context.run.run_id
    log_observations(
        context,
        [
            AssetObservation(
                asset or context.asset_key,
                partition=key,
                description=shorten(reason),
                metadata={f"{what} in run {run_id[:8]}": MetadataValue.text(shorten(reason))},
                tags=dimension_tags(key),
            )
            for key, reason in reasons
        ],
    )
