"""Materializes the partitions of one run; a tenant that fails does not fail the others.

Data flows one way: the partitions of the run, the units of work, what the units did, the recorded
materializations and evaluations, the step's result.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic

from dagster import AssetExecutionContext, DagsterLogManager, MaterializeResult, Output

from loopctl_pipelines.costs.checks import Day, PartitionCheck
from loopctl_pipelines.costs.errors import TenantWorkError
from loopctl_pipelines.costs.planning.tenant_days import TenantDays, tenant_days
from loopctl_pipelines.costs.table_use import COST_TABLES
from loopctl_pipelines.costs.tenant_work.per_tenant import Failed, Work, run_per_tenant
from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.orchestration.materializations import (
    Metadata,
    end_step,
    record_materializations,
)
from loopctl_pipelines.orchestration.partition_failures import FailedPartitions
from loopctl_pipelines.orchestration.provenance import provenance_tags
from loopctl_pipelines.orchestration.run_scope import active_tenants, partitions_of_run
from loopctl_pipelines.partitions import day_and_slug, partition_key
from loopctl_pipelines.tenants.tenant import Tenant

StepEvent = MaterializeResult[None] | Output[None]


@dataclass(frozen=True, slots=True)
class RunPlan:
    """What a run works on.

    Attributes:
        database: where the costs are.
        units: the partitions of active tenants.
        provenance: tags of the run's materializations, read before the work.
    """

    database: Database
    units: list[TenantDays]
    provenance: dict[str, str]


@dataclass(frozen=True, slots=True)
class UnitResults(Generic[Day]):
    """What the units of a run did.

    Attributes:
        units: those whose work was committed.
        days: what was done, for each of their days.
        failed: units that were rolled back, by day and tenant.
    """

    units: list[TenantDays]
    days: list[tuple[Tenant, Day]]
    failed: list[Failed]

    def extend(self, later: "UnitResults[Day]") -> None:
        """Add what further units of the run did."""
        self.units.extend(later.units)
        self.days.extend(later.days)
        self.failed.extend(later.failed)


def plan_run(context: AssetExecutionContext, database: Database) -> RunPlan:
    """Return what the run works on; log and skip tenants that are not active.

    Raises:
        Failure: if no tenant is active, or the database is not fit to work with.
    """
    keys = partitions_of_run(context)
    partitions = [day_and_slug(key) for key in keys]
    tenants = active_tenants(context, database, [slug for _, slug in partitions], COST_TABLES)
    units = tenant_days([each for each in partitions if each[1] in tenants], tenants)
    tags = provenance_tags(context.instance, context.assets_def, keys, context.run.run_id)
    return RunPlan(database, units, tags)


def run_units(
    log: DagsterLogManager,
    database: Database,
    units: Sequence[TenantDays],
    work: Work[Day],
    error: type[TenantWorkError],
) -> UnitResults[Day]:
    """Do the work of each unit, and log failures as they occur."""
    done: UnitResults[Day] = UnitResults([], [], [])
    for ended in run_per_tenant(database, units, work, error):
        if isinstance(ended, Failed):
            log.error(str(ended.error))
            done.failed.append(ended)
        else:
            done.units.append(ended.unit)
            done.days.extend((ended.unit.tenant, day) for day in ended.days)
    done.failed.sort(key=lambda failed: (failed.unit.first, failed.unit.tenant.slug))
    return done


def metadata_by_partition(
    days: Iterable[tuple[Tenant, Day]], describe: Callable[[Day], Metadata]
) -> dict[str, Metadata]:
    """Return what `describe` says about each tenant's day, by partition key."""
    return {partition_key(day.day, tenant.slug): describe(day) for tenant, day in days}


def end_run(
    context: AssetExecutionContext,
    plan: RunPlan,
    done: UnitResults[Day],
    landed: Mapping[str, Metadata],
    *checks: PartitionCheck[Any],
) -> Iterator[StepEvent]:
    """Record and check the partitions that landed, and yield the step's results.

    A check that does not pass does not fail the run. A run that is cancelled before this records
    nothing; what it committed stays, and materializing it again changes nothing.

    Args:
        context: the asset's.
        plan: what the run worked on.
        done: what its units did.
        landed: the metadata of each partition that landed, by key.
        checks: what checks them.

    Raises:
        Failure: naming the partitions that failed and why.
    """
    record_materializations(context, context.asset_key, landed, plan.provenance)
    for check in checks:
        check.record(context, context.asset_key, plan.database, done.units)
    yield end_step(context, landed, [_failed_partitions(each) for each in done.failed])
    for check in checks:
        yield Output(None, check.output_name(context.asset_key))


def _failed_partitions(failed: Failed) -> FailedPartitions:
    slug = failed.unit.tenant.slug
    return FailedPartitions([partition_key(d, slug) for d in failed.unit.days()], failed.error)
