"""Runs a job over tenants in this process; the UI shows these runs like any other."""

from collections.abc import Collection, Iterator, Mapping, Sequence

from dagster import AssetKey, DagsterInstance, JobDefinition, PartitionKeyRange

from loopctl_pipelines.orchestration.in_process_runs import EndedRun, run_in_process
from loopctl_pipelines.partitions import tenant_order
from loopctl_pipelines.tenants.contiguous_ranges import contiguous_ranges


def run_for_tenants(
    instance: DagsterInstance,
    job: JobDefinition,
    slugs: Collection[str],
    assets: Sequence[AssetKey] | None = None,
    *,
    tags: Mapping[str, str] | None = None,
) -> Iterator[EndedRun]:
    """Run a job for these tenants, one run per contiguous range of partitions.

    Args:
        instance: records the runs.
        job: whose assets have a partition per tenant.
        slugs: of the tenants.
        assets: of the job; None: all of them.
        tags: of each run.
    """
    for run in contiguous_ranges(slugs, tenant_order(instance)):
        partitions = PartitionKeyRange(run[0], run[-1])
        yield run_in_process(instance, job, partitions, tags=tags, assets=assets)
