"""The asset `cost_baselines`, which is there where the calibrated rule applies to any tenant."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import date

from dagster import (
    AssetExecutionContext,
    AssetsDefinition,
    BackfillPolicy,
    FreshnessPolicy,
    MultiPartitionsDefinition,
    ResourceParam,
    asset,
)

from loopctl_pipelines.anomaly_rule import AnomalyRule
from loopctl_pipelines.costs.asset_keys import SUMMARIES
from loopctl_pipelines.costs.baselines.computing import (
    HISTORY_DAYS,
    DayBaselined,
    compute_baselines,
)
from loopctl_pipelines.costs.baselines.pooled import PooledTails
from loopctl_pipelines.costs.baselines.stored_baselines import delete_baselines, stored_days
from loopctl_pipelines.costs.baselines.threshold import LEAST_POOLED
from loopctl_pipelines.costs.display.baselines import baselined_metadata
from loopctl_pipelines.costs.display.columns import BASELINE_COLUMNS
from loopctl_pipelines.costs.errors import BaselineError
from loopctl_pipelines.costs.operator_queries import (
    deleted_tenants_with_baselines,
    pooled_tails,
)
from loopctl_pipelines.costs.partition_runs import (
    StepEvent,
    UnitResults,
    end_run,
    metadata_by_partition,
    plan_run,
    run_units,
)
from loopctl_pipelines.costs.planning.tenant_days import TenantDays
from loopctl_pipelines.costs.tenant_work.per_tenant import Work
from loopctl_pipelines.database.connection import Database, TenantConnection
from loopctl_pipelines.orchestration.landed_inputs import follow_landed


def build_baselines_asset(
    partitions: MultiPartitionsDefinition, freshness: FreshnessPolicy
) -> AssetsDefinition:
    """Return `cost_baselines` over these partitions, many of which may be one run."""

    @asset(
        partitions_def=partitions,
        deps=[SUMMARIES],
        backfill_policy=BackfillPolicy.single_run(),
        automation_condition=follow_landed("follow the summaries that landed"),
        freshness_policy=freshness,
        group_name="costs",
        owners=["team:loopctl-operators"],
        kinds={"postgres"},
        code_version="1",
        metadata={
            "dagster/table_name": "loopctl_pipelines.cost_baselines",
            "dagster/column_schema": BASELINE_COLUMNS,
        },
        description=(
            f"What stories usually cost by the {HISTORY_DAYS} days before, and from which factor "
            "on a cost is worth a report. Later days keep theirs until they are computed. "
            "loopctl's own rollup and anomaly jobs must be off: they know the fixed factors only."
        ),
    )
    def cost_baselines(
        context: AssetExecutionContext,
        database: ResourceParam[Database],
        anomaly_rule: ResourceParam[AnomalyRule],
    ) -> Iterator[StepEvent]:
        plan = plan_run(context, database)
        forget_deleted_tenants(database)
        done: UnitResults[DayBaselined] = UnitResults([], [], [])
        for units in _waves(database, plan.units, anomaly_rule):
            work = baselines_work(database, units, anomaly_rule)
            done.extend(run_units(context.log, database, units, work, BaselineError))
        landed = metadata_by_partition(done.days, baselined_metadata)
        yield from end_run(context, plan, done, landed)

    return cost_baselines


def forget_deleted_tenants(database: Database) -> None:
    """Delete the baselines of tenants that no longer exist; they would count for all others."""
    for tenant_id in deleted_tenants_with_baselines(database):
        # as the tenant: the operator's login may only read them
        with database.tenant_transaction(tenant_id) as connection:
            delete_baselines(connection, tenant_id)


def _waves(
    database: Database, units: Sequence[TenantDays], rule: AnomalyRule
) -> list[list[TenantDays]]:
    """Return what to compute one after the other.

    In a first backfill no tenant has a history. All tenants' first day is then computed before
    the second, so that a day rests on the days before it of all tenants.
    """
    first = min((unit.first for unit in units), default=None)
    if first is None or _pooled(database, first, rule):
        return [list(units)]
    waves: defaultdict[date, list[TenantDays]] = defaultdict(list)
    for unit in units:
        for day in unit.days():
            waves[day].append(TenantDays(unit.tenant, day, day))
    return [waves[day] for day in sorted(waves)]


def baselines_work(
    database: Database, units: Iterable[TenantDays], rule: AnomalyRule
) -> Work[DayBaselined]:
    """Return the work of one unit of these, with the tails of all tenants before its first day."""
    pooled = {first: _pooled(database, first, rule) for first in {unit.first for unit in units}}

    def work(connection: TenantConnection, unit: TenantDays) -> list[DayBaselined]:
        # a half of a unit that failed has another first day
        known = max((day for day in pooled if day <= unit.first), default=None)
        tails = pooled[known] if known is not None else None
        return compute_baselines(connection, unit, rule=rule, pooled=tails)

    return work


def _pooled(database: Database, day: date, rule: AnomalyRule) -> PooledTails | None:
    rows = pooled_tails(
        database,
        day,
        history=HISTORY_DAYS,
        days=stored_days(rule),
        least_stories=LEAST_POOLED,
    )
    return PooledTails.of_rows(rows)
