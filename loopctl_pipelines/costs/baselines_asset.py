"""The asset `cost_baselines`, which is there where the calibrated rule applies to any tenant."""

from collections.abc import Iterable, Iterator
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
from loopctl_pipelines.costs.baselines.stored_baselines import stored_days
from loopctl_pipelines.costs.baselines.threshold import LEAST_STORIES
from loopctl_pipelines.costs.display.baselines import baselined_metadata
from loopctl_pipelines.costs.display.columns import BASELINE_COLUMNS
from loopctl_pipelines.costs.errors import BaselineError
from loopctl_pipelines.costs.operator_queries import pooled_tails
from loopctl_pipelines.costs.partition_runs import (
    StepEvent,
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
            "on a cost is worth a report. Later days keep theirs until they are computed."
        ),
    )
    def cost_baselines(
        context: AssetExecutionContext,
        database: ResourceParam[Database],
        anomaly_rule: ResourceParam[AnomalyRule],
    ) -> Iterator[StepEvent]:
        plan = plan_run(context, database)
        work = baselines_work(database, plan.units, anomaly_rule)
        done = run_units(context.log, database, plan.units, work, BaselineError)
        landed = metadata_by_partition(done.days, baselined_metadata)
        yield from end_run(context, plan, done, landed)

    return cost_baselines


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
        least_stories=LEAST_STORIES,
    )
    return PooledTails.of_rows(rows)
