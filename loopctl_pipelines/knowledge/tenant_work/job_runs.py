"""Runs a job over tenants in this process; the UI shows these runs like any other."""

from collections.abc import Collection, Iterator

from dagster import DagsterInstance, JobDefinition, PartitionKeyRange

from loopctl_pipelines.orchestration.in_process_runs import EndedRun, run_in_process
from loopctl_pipelines.partitions import tenant_order
from loopctl_pipelines.tenants.contiguous_ranges import contiguous_ranges


def run_for_tenants(
    instance: DagsterInstance, job: JobDefinition, slugs: Collection[str]
) -> Iterator[EndedRun]:
    """Run a job for these tenants, one run per contiguous range of partitions."""
    for run in contiguous_ranges(slugs, tenant_order(instance)):
        yield run_in_process(instance, job, PartitionKeyRange(run[0], run[-1]))
