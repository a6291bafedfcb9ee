"""`weekly_reconciliation`: finds and repairs days that changed without being marked as stale.

loopctl marks no day when a report is committed late, a story moves to another epic, or somebody
edits a row. The rollup compares as it computes: it writes only what differs.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Final

from dagster import (
    AssetsDefinition,
    Failure,
    JobDefinition,
    MetadataValue,
    OpExecutionContext,
    ResourceParam,
    TableColumn,
    TableRecord,
    TableSchema,
    job,
    op,
)

from loopctl_pipelines.anomaly_rule import AnomalyRule
from loopctl_pipelines.costs.anomalies.detection import detect_anomalies
from loopctl_pipelines.costs.anomalies_check import anomalies_match_rule
from loopctl_pipelines.costs.baselines_asset import baselines_work
from loopctl_pipelines.costs.budget_runs import check_budgets_of
from loopctl_pipelines.costs.checks import PartitionCheck
from loopctl_pipelines.costs.display.baselines import baselined_metadata
from loopctl_pipelines.costs.display.metadata import compared_metadata, summarized_metadata
from loopctl_pipelines.costs.errors import (
    BaselineError,
    DetectionError,
    RollupError,
    TenantWorkError,
)
from loopctl_pipelines.costs.jobs import WEEKLY_RECONCILIATION
from loopctl_pipelines.costs.list_prices.checking import ListPriceCheck
from loopctl_pipelines.costs.list_prices_check import costs_match_list_prices
from loopctl_pipelines.costs.partition_runs import metadata_by_partition, run_units
from loopctl_pipelines.costs.planning.tenant_days import TenantDays, tenant_days
from loopctl_pipelines.costs.summaries.rollup import DaySummarized
from loopctl_pipelines.costs.summaries.rollup_protocol import Rollup
from loopctl_pipelines.costs.summaries_check import SUMMARIES_MATCH_REPORTS
from loopctl_pipelines.costs.table_use import COST_TABLES
from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.orchestration.materializations import record_materializations
from loopctl_pipelines.orchestration.partition_failures import describe_errors
from loopctl_pipelines.orchestration.provenance import provenance_tags
from loopctl_pipelines.orchestration.run_scope import all_tenants
from loopctl_pipelines.partitions import partition_key
from loopctl_pipelines.settings import Settings
from loopctl_pipelines.tenants.tenant import Tenant

_DAYS_PER_UNIT: Final = 31
_SHOWN_DAYS: Final = 100
_REPAIRED = TableSchema(
    columns=[
        TableColumn("day", "string"),
        TableColumn("tenant", "string"),
        TableColumn("rows_written", "int"),
        TableColumn("rows_deleted", "int"),
    ]
)


def build_reconciliation_job(
    settings: Settings,
    summaries: AssetsDefinition,
    anomalies: AssetsDefinition,
    baselines: AssetsDefinition | None = None,
) -> JobDefinition:
    """Return the job over all days since the start date, of all active tenants."""

    @op(
        description=(
            "Recomputes every day since LOOPCTL_START_DATE, records the partitions that differed "
            "from their reports, and detects their anomalies again."
        ),
    )
    def reconcile_costs(
        context: OpExecutionContext,
        database: ResourceParam[Database],
        rollup: ResourceParam[Rollup],
        anomaly_rule: ResourceParam[AnomalyRule],
    ) -> None:
        today = datetime.now(UTC).date()
        first, last = settings.start_date.resolve(today), today - timedelta(days=1)
        tenants = [
            tenant for tenant in all_tenants(database, COST_TABLES).values() if tenant.is_active
        ]
        run = _Reconciliation(context, database, costs_match_list_prices(settings.model_aliases))
        repaired = run.roll_up(summaries, rollup, _units(tenants, first, last))
        if baselines:
            run.baseline(baselines, anomaly_rule, repaired)
        run.detect(anomalies, anomaly_rule, repaired)
        shown = _shown(repaired)
        if run.errors:
            raise Failure(describe_errors(run.errors), shown, allow_retries=False)
        context.add_output_metadata(shown)

    @job(
        name=WEEKLY_RECONCILIATION,
        description="Finds and repairs days that changed without being marked as stale.",
    )
    def weekly_reconciliation() -> None:
        reconcile_costs()

    return weekly_reconciliation


class _Reconciliation:
    """One run of the job, and the errors of its tenants so far."""

    def __init__(
        self,
        context: OpExecutionContext,
        database: Database,
        list_prices: PartitionCheck[ListPriceCheck],
    ) -> None:
        self._context = context
        self._database = database
        self._list_prices = list_prices
        self.errors: list[TenantWorkError] = []

    def roll_up(
        self, asset: AssetsDefinition, rollup: Rollup, units: Sequence[TenantDays]
    ) -> list[tuple[Tenant, DaySummarized]]:
        """Roll up the units, record the days that were repaired, check and return them."""
        context, database = self._context, self._database
        # of the one input, which has no partitions
        tags = provenance_tags(context.instance, asset, (), context.run.run_id)
        done = run_units(context.log, database, units, rollup.roll_up, RollupError)
        self.errors += [failed.error for failed in done.failed]
        repaired = [(tenant, day) for tenant, day in done.days if day.written or day.deleted]
        landed = metadata_by_partition(repaired, summarized_metadata)
        record_materializations(context, asset.key, landed, tags)
        for check in (SUMMARIES_MATCH_REPORTS, self._list_prices):
            check.record(context, asset.key, database, _units_of(repaired))
        return repaired

    def baseline(
        self,
        asset: AssetsDefinition,
        rule: AnomalyRule,
        repaired: Sequence[tuple[Tenant, DaySummarized]],
    ) -> None:
        """Compute and record the baselines of the days that were repaired."""
        context, database, units = self._context, self._database, _units_of(repaired)
        keys = [partition_key(day.day, tenant.slug) for tenant, day in repaired]
        tags = provenance_tags(context.instance, asset, keys, context.run.run_id)
        work = baselines_work(database, units, rule)
        done = run_units(context.log, database, units, work, BaselineError)
        self.errors += [failed.error for failed in done.failed]
        landed = metadata_by_partition(done.days, baselined_metadata)
        record_materializations(context, asset.key, landed, tags)

    def detect(
        self,
        asset: AssetsDefinition,
        rule: AnomalyRule,
        repaired: Sequence[tuple[Tenant, DaySummarized]],
    ) -> None:
        """Detect, record and check the anomalies of the days that were repaired."""
        context, database = self._context, self._database
        keys = [partition_key(day.day, tenant.slug) for tenant, day in repaired]
        tags = provenance_tags(context.instance, asset, keys, context.run.run_id)
        work = partial(detect_anomalies, rule=rule)
        done = run_units(context.log, database, _units_of(repaired), work, DetectionError)
        budgets = check_budgets_of(context.log, database, done.units)
        self.errors += [failed.error for failed in (*done.failed, *budgets.failed)]
        landed = budgets.added_to(metadata_by_partition(done.days, compared_metadata))
        record_materializations(context, asset.key, landed, tags)
        anomalies_match_rule(rule).record(context, asset.key, database, done.units)


def _units(tenants: Sequence[Tenant], first: date, last: date) -> list[TenantDays]:
    """Cut the days of each tenant into units of a month at most."""
    length = timedelta(days=_DAYS_PER_UNIT)
    starts = [first + n * length for n in range((last - first) // length + 1)]
    return [
        TenantDays(tenant, start, min(last, start + length - timedelta(days=1)))
        for tenant in tenants
        for start in starts
    ]


def _units_of(repaired: Sequence[tuple[Tenant, DaySummarized]]) -> list[TenantDays]:
    tenants = {tenant.slug: tenant for tenant, _ in repaired}
    return tenant_days([(day.day, tenant.slug) for tenant, day in repaired], tenants)


def _shown(repaired: Sequence[tuple[Tenant, DaySummarized]]) -> dict[str, MetadataValue]:
    rows = [
        TableRecord(
            {
                "day": str(day.day),
                "tenant": tenant.slug,
                "rows_written": day.written,
                "rows_deleted": day.deleted,
            }
        )
        for tenant, day in repaired[:_SHOWN_DAYS]
    ]
    return {
        "days repaired": MetadataValue.int(len(repaired)),
        "repaired": MetadataValue.table(rows, _REPAIRED),
    }
