"""Materializes the partitions of one run: tenants side by side, one tenant's failure its own."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Generic, Protocol, TypeVar

import psycopg
from dagster import AssetExecutionContext, Failure, MaterializeResult, Output

from loopctl_pipelines.costs.checks import PartitionCheck
from loopctl_pipelines.costs.errors import TenantWorkError
from loopctl_pipelines.costs.planning.tenant_days import TenantDays, tenant_days
from loopctl_pipelines.costs.table_use import COST_TABLES
from loopctl_pipelines.costs.tenant_work.per_tenant import Failed, Work, run_side_by_side
from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.database.errors import DatabaseUnreachableError
from loopctl_pipelines.orchestration.materializations import (
    Described,
    FailedPartitions,
    active_tenants,
    partitions_of_run,
    record_partitions,
)
from loopctl_pipelines.partitions import day_and_slug, partition_key
from loopctl_pipelines.tenants.tenant import Tenant


class _OfOneDay(Protocol):
    @property
    def day(self) -> date: ...


Day = TypeVar("Day", bound=_OfOneDay)
Describe = Callable[[Day], Described]
Illustrate = Callable[[Database, Iterable[tuple[Tenant, Day]]], Mapping[str, Described]]
RunEvent = MaterializeResult[None] | Output[None]
Warn = Callable[[Day], str | None]


@dataclass(frozen=True, slots=True)
class PartitionRun(Generic[Day]):
    """One asset's partitions in one run.

    Attributes:
        database: where the tenants are.
        work: the statements of one tenant and range of days.
        error: what to make of a tenant's failure.
        describe: the metadata of a materialization, made of what `work` returned for the day.
        illustrate: more of it by partition key, made of all the tenants and days that landed.
        warn: what the run's log is to warn of; the same sentence is logged once.
        check: what checks the partitions that landed.
    """

    database: Database
    work: Work[Day]
    error: type[TenantWorkError]
    describe: Describe[Day]
    illustrate: Illustrate[Day] | None = None
    warn: Warn[Day] = lambda _: None
    check: PartitionCheck[Any] | None = None

    def materialize(self, context: AssetExecutionContext) -> Iterator[RunEvent]:
        """Work on every partition of the run, yield the asset's result, and check what landed.

        A check that fails is no reason for the run to fail.

        Of a run that is cancelled Dagster records none; what landed is in the database, and
        materializing it again changes nothing.

        Raises:
            Failure: naming the partitions that failed and why.
        """
        wanted = [day_and_slug(key) for key in partitions_of_run(context)]
        tenants = active_tenants(context, self.database, [slug for _, slug in wanted], COST_TABLES)
        units = tenant_days([key for key in wanted if key[1] in tenants], tenants)
        landed: dict[str, Described] = {}
        checked: list[TenantDays] = []
        days: list[tuple[Tenant, Day]] = []
        failed: list[Failed] = []
        for ended in run_side_by_side(self.database, units, self.work, self.error):
            if isinstance(ended, Failed):
                context.log.error(str(ended.error))
                failed.append(ended)
                continue
            checked.append(ended.unit)
            for day in ended.days:
                landed[partition_key(day.day, ended.unit.tenant.slug)] = self.describe(day)
                days.append((ended.unit.tenant, day))
            for warning in sorted({text for day in ended.days if (text := self.warn(day))}):
                context.log.warning(warning)
        for key, metadata in self._illustrations(context, days).items():
            landed[key] = {**landed[key], **metadata}
        failed.sort(key=lambda f: (f.unit.first, f.unit.tenant.slug))
        try:
            result = record_partitions(context, landed, [_failed_partitions(f) for f in failed])
        except Failure:
            self._check(context, checked)
            raise
        yield result
        self._check(context, checked)
        if self.check:
            yield Output(None, self.check.output_name(context.asset_key))

    def _check(self, context: AssetExecutionContext, units: Sequence[TenantDays]) -> None:
        if self.check:
            self.check.record(context, context.asset_key, self.database, units)

    def _illustrations(
        self, context: AssetExecutionContext, days: Iterable[tuple[Tenant, Day]]
    ) -> Mapping[str, Described]:
        try:
            return self.illustrate(self.database, days) if self.illustrate else {}
        except (psycopg.Error, DatabaseUnreachableError):
            # the work is committed: a plot is no reason to fail
            context.log.warning("No plots: the costs of the days before could not be read.")
            return {}


def _failed_partitions(failed: Failed) -> FailedPartitions:
    slug = failed.unit.tenant.slug
    return FailedPartitions([partition_key(d, slug) for d in failed.unit.days()], failed.error)
