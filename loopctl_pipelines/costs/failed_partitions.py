"""Finds the partitions whose last attempt failed, as the Dagster UI shows them."""

from datetime import date

from dagster import DagsterInstance, JobDefinition

from loopctl_pipelines.costs.asset_keys import ANOMALIES, SUMMARIES
from loopctl_pipelines.costs.planning.rectangles import Rectangle
from loopctl_pipelines.partitions import day_and_slug, partition_key

_FAILED = "FAILED"


def failed_partitions(
    instance: DagsterInstance, job: JobDefinition, within: Rectangle
) -> set[tuple[date, str]]:
    """Return the (day, slug) whose summaries or anomalies failed when they were last attempted.

    Args:
        instance: knows the attempts.
        job: `daily_costs`, whose assets have the partitions.
        within: the days and tenants to look at.
    """
    partitions = job.partitions_def
    if partitions is None:
        return set()
    keys = [partition_key(day, slug) for day, slug in within.partitions()]
    failed: set[str] = set()
    for asset in (SUMMARIES, ANOMALIES):
        found = instance.get_status_by_partition(asset, keys, partitions) or {}
        failed.update(key for key, status in found.items() if status and status.value == _FAILED)
    return set(map(day_and_slug, failed))
