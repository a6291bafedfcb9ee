"""Materializes the partitions of one run: tenants side by side, one tenant's failure its own."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Generic, Protocol, TypeVar

from dagster import (
    AssetExecutionContext,
    AssetMaterialization,
    Failure,
    MetadataValue,
)

from loopctl_pipelines.costs.side_by_side import Failed, Work, run_side_by_side
from loopctl_pipelines.costs.tenant_days import tenant_days
from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.database.preflight import check_database
from loopctl_pipelines.errors import (
    InactiveTenantError,
    PipelinesError,
    TenantWorkError,
    UnknownTenantError,
)
from loopctl_pipelines.partitions import day_and_slug, partition_key
from loopctl_pipelines.tenants.queries import list_tenants
from loopctl_pipelines.tenants.tenant import Tenant

_SHOWN_FAILURES = 10


class _OfOneDay(Protocol):
    @property
    def day(self) -> date: ...


Day = TypeVar("Day", bound=_OfOneDay)
Describe = Callable[[Day], Mapping[str, MetadataValue]]


@dataclass(slots=True)
class PartitionRun(Generic[Day]):
    """One asset's partitions in one run.

    Attributes:
        database: where the tenants are.
        work: the statements of one tenant and range of days.
        error: what to make of a tenant's failure.
        describe: the metadata of a materialization, made of what `work` returned for the day.
    """

    database: Database
    work: Work[Day]
    error: type[TenantWorkError]
    describe: Describe[Day]
    _landed: dict[str, Mapping[str, MetadataValue]] = field(default_factory=dict)
    _failed: list[Failed] = field(default_factory=list)

    def materialize(self, context: AssetExecutionContext) -> bool:
        """Work on every partition of the run; say whether all of them landed.

        If so, their metadata are attached and Dagster is to record the materializations, which it
        does in batches. If not (a tenant failed, or one is not active), the partitions that landed
        are recorded here, one by one, and no others. Of a run that is cancelled Dagster records
        none; what landed is in the database, and materializing it again changes nothing.

        Raises:
            Failure: naming the partitions that failed and why.
        """
        self._work(context, self._partitions(context))
        if len(self._landed) == len(context.partition_keys):
            for key, metadata in self._landed.items():
                context.add_asset_metadata(metadata, partition_key=key)
            return True
        for key, metadata in self._landed.items():
            context.log_event(AssetMaterialization(context.asset_key, None, metadata, key))
        if self._failed:
            raise self._failure()
        return False

    def _partitions(self, context: AssetExecutionContext) -> dict[tuple[date, str], Tenant]:
        """Return the run's partitions of active tenants; the others are left out and logged."""
        try:
            check_database(self.database)
            tenants = list_tenants(self.database)
            wanted: dict[tuple[date, str], Tenant] = {}
            left_out: dict[str, PipelinesError] = {}
            for day, slug in map(day_and_slug, context.partition_keys):
                tenant = tenants.get(slug)
                if tenant is None:
                    left_out[slug] = UnknownTenantError(slug)
                elif not tenant.is_active:
                    left_out[slug] = InactiveTenantError(slug, tenant.status)
                else:
                    wanted[day, slug] = tenant
        except PipelinesError as error:
            raise Failure(str(error), allow_retries=False) from None
        for reason in left_out.values():
            context.log.warning(str(reason))
        if not wanted:
            raise Failure(" ".join(map(str, left_out.values())), allow_retries=False)
        return wanted

    def _work(
        self, context: AssetExecutionContext, wanted: Mapping[tuple[date, str], Tenant]
    ) -> None:
        tenants = {tenant.slug: tenant for tenant in wanted.values()}
        units = tenant_days(wanted, tenants)
        for ended in run_side_by_side(self.database, units, self.work, self.error):
            if isinstance(ended, Failed):
                context.log.error(str(ended.error))
                self._failed.append(ended)
                continue
            for day in ended.days:
                key = partition_key(day.day, ended.unit.tenant.slug)
                self._landed[key] = self.describe(day)

    def _failure(self) -> Failure:
        failed = sorted(self._failed, key=lambda f: (f.unit.first, f.unit.tenant.slug))
        partitions = [
            partition_key(day, f.unit.tenant.slug) for f in failed for day in f.unit.days()
        ]
        named = " ".join(str(f.error) for f in failed[:_SHOWN_FAILURES])
        more = len(failed) - _SHOWN_FAILURES
        return Failure(
            f"{len(partitions)} of {len(partitions) + len(self._landed)} partitions failed. {named}"
            + (f" And {more} more, see the log." if more > 0 else ""),
            metadata={"failed partitions": MetadataValue.json(list(partitions))},
            allow_retries=False,
        )
