"""Checks the budgets of the tenants whose days a run has landed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from dagster import DagsterLogManager

from loopctl_pipelines.costs.budgets.checking import BudgetsChecked, check_budgets
from loopctl_pipelines.costs.display.budgets import budgets_metadata
from loopctl_pipelines.costs.errors import BudgetError
from loopctl_pipelines.costs.operator_queries import tenants_with_budgets
from loopctl_pipelines.costs.planning.tenant_days import TenantDays
from loopctl_pipelines.costs.tenant_work.per_tenant import Failed, run_per_tenant
from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.database.retries import outlast_outage
from loopctl_pipelines.orchestration.materializations import Metadata
from loopctl_pipelines.partitions import partition_key


@dataclass(frozen=True, slots=True)
class BudgetRun:
    """The budgets that a run has checked.

    Attributes:
        checked: the result by partition key: each tenant's last day of the run.
        failed: tenants whose budgets could not be checked, with that day.
    """

    checked: Mapping[str, BudgetsChecked]
    failed: Sequence[Failed]

    def added_to(self, landed: Mapping[str, Metadata]) -> dict[str, Metadata]:
        """Return the metadata with the budgets'; a partition whose check failed has not landed."""
        failed = {partition_key(each.unit.last, each.unit.tenant.slug) for each in self.failed}
        return {
            key: {**metadata, **budgets_metadata(self.checked[key])}
            if key in self.checked
            else metadata
            for key, metadata in landed.items()
            if key not in failed
        }


def check_budgets_of(
    log: DagsterLogManager, database: Database, units: Sequence[TenantDays]
) -> BudgetRun:
    """Check the budgets of these tenants, each once, in a transaction of its own.

    What is spent is of all days, so a range of days is no more work than one. Tenants without a
    budget cost nothing: one statement finds those that have any.

    Args:
        log: where failures are logged as they occur.
        database: where the budgets are.
        units: tenants and days that have landed.
    """
    last = {unit.tenant: unit for unit in sorted(units, key=lambda unit: unit.last)}
    ids = {tenant.id for tenant in last}
    asked = outlast_outage(partial(tenants_with_budgets, database, ids)) if ids else set()
    todo = [TenantDays(t, unit.last, unit.last) for t, unit in last.items() if t.id in asked]
    checked: dict[str, BudgetsChecked] = {}
    failed: list[Failed] = []
    for ended in run_per_tenant(database, todo, check_budgets, BudgetError):
        if isinstance(ended, Failed):
            log.error(str(ended.error))
            failed.append(ended)
        else:
            slug = ended.unit.tenant.slug
            checked |= {partition_key(day.day, slug): day for day in ended.days}
    return BudgetRun(checked, failed)
