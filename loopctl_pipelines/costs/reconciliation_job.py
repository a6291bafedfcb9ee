"""`weekly_reconciliation`: finds and repairs days that changed without anything being marked.

A report that is committed late, a story that moves to another epic, a row that somebody has edited:
loopctl marks none of them. The rollup is its own comparison, it writes what differs and no more.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any, Final

from dagster import (
    AssetKey,
    AssetMaterialization,
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
from loopctl_pipelines.costs.anomalies.detection import DayCompared, detect_anomalies
from loopctl_pipelines.costs.asset_keys import ANOMALIES, SUMMARIES
from loopctl_pipelines.costs.checks import (
    SUMMARIES_MATCH_REPORTS,
    PartitionCheck,
    anomalies_match_rule,
)
from loopctl_pipelines.costs.display.metadata import compared_metadata, summarized_metadata
from loopctl_pipelines.costs.errors import DetectionError, RollupError, TenantWorkError
from loopctl_pipelines.costs.jobs import WEEKLY_RECONCILIATION
from loopctl_pipelines.costs.planning.tenant_days import TenantDays, tenant_days
from loopctl_pipelines.costs.summaries.rollup import DaySummarized, roll_up
from loopctl_pipelines.costs.table_use import COST_TABLES
from loopctl_pipelines.costs.tenant_work.per_tenant import Day, Failed, Work, run_side_by_side
from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.orchestration.materializations import Described, all_tenants, told_errors
from loopctl_pipelines.partitions import partition_key
from loopctl_pipelines.settings import Settings
from loopctl_pipelines.tenants.tenant import Tenant

_DAYS_AT_ONCE: Final = 31
_SHOWN: Final = 100
_REPAIRED = TableSchema(
    columns=[
        TableColumn("day", "string"),
        TableColumn("tenant", "string"),
        TableColumn("rows_written", "int"),
        TableColumn("rows_deleted", "int"),
    ]
)


def build_reconciliation_job(settings: Settings) -> JobDefinition:
    """Return the job over all days since the start date, of all active tenants."""

    @op(
        description=(
            "Computes every day since LOOPCTL_START_DATE once more and records the partitions that "
            "were not what their reports add up to; their anomalies follow."
        ),
    )
    def reconcile_costs(
        context: OpExecutionContext,
        database: ResourceParam[Database],
        anomaly_rule: ResourceParam[AnomalyRule],
    ) -> None:
        run = _Reconciliation(context, database)
        today = datetime.now(UTC).date()
        repaired = run.roll_up_all(settings.start_date.resolve(today), today - timedelta(days=1))
        run.detect(repaired, anomaly_rule)
        run.tell(repaired)

    @job(
        name=WEEKLY_RECONCILIATION,
        description="Finds and repairs days that changed without anything being marked.",
    )
    def weekly_reconciliation() -> None:
        reconcile_costs()

    return weekly_reconciliation


class _Reconciliation:
    """One run of the job."""

    def __init__(self, context: OpExecutionContext, database: Database) -> None:
        self._context = context
        self._database = database
        self._errors: list[TenantWorkError] = []
        self._tenants = {s: t for s, t in all_tenants(database, COST_TABLES).items() if t.is_active}

    def roll_up_all(self, first: date, last: date) -> list[tuple[Tenant, DaySummarized]]:
        """Roll up all tenants' days, and return those of which something was written."""
        units = [
            TenantDays(tenant, begin, min(last, begin + timedelta(days=_DAYS_AT_ONCE - 1)))
            for tenant in self._tenants.values()
            for begin in _every(first, last, _DAYS_AT_ONCE)
        ]
        done = self._run(units, roll_up, RollupError)
        repaired = [(tenant, day) for tenant, day in done if day.written or day.deleted]
        for tenant, day in repaired:
            key = partition_key(day.day, tenant.slug)
            self._record(SUMMARIES, key, summarized_metadata(day))
        self._check(SUMMARIES_MATCH_REPORTS, SUMMARIES, repaired)
        return repaired

    def detect(self, repaired: Sequence[tuple[Tenant, DaySummarized]], rule: AnomalyRule) -> None:
        """Detect the anomalies of the days that were repaired."""
        work = partial(detect_anomalies, rule=rule)
        compared = self._run(self._units(repaired), work, DetectionError)
        for tenant, day in compared:
            key = partition_key(day.day, tenant.slug)
            self._record(ANOMALIES, key, compared_metadata(day))
        self._check(anomalies_match_rule(rule), ANOMALIES, compared)

    def tell(self, repaired: Sequence[tuple[Tenant, DaySummarized]]) -> None:
        """Show what was repaired.

        Raises:
            Failure: naming what failed, with the same.
        """
        rows = [
            TableRecord(
                {
                    "day": str(day.day),
                    "tenant": tenant.slug,
                    "rows_written": day.written,
                    "rows_deleted": day.deleted,
                }
            )
            for tenant, day in repaired[:_SHOWN]
        ]
        shown = {
            "days repaired": MetadataValue.int(len(repaired)),
            "repaired": MetadataValue.table(rows, _REPAIRED),
        }
        if self._errors:
            raise Failure(told_errors(self._errors), shown, allow_retries=False)
        self._context.add_output_metadata(shown)

    def _run(
        self, units: Sequence[TenantDays], work: Work[Day], error: type[TenantWorkError]
    ) -> list[tuple[Tenant, Day]]:
        done: list[tuple[Tenant, Day]] = []
        for ended in run_side_by_side(self._database, units, work, error):
            if isinstance(ended, Failed):
                self._context.log.error(str(ended.error))
                self._errors.append(ended.error)
            else:
                done += [(ended.unit.tenant, day) for day in ended.days]
        return done

    def _record(self, asset: AssetKey, key: str, metadata: Described) -> None:
        self._context.log_event(AssetMaterialization(asset, None, metadata, key))

    def _check(
        self,
        check: PartitionCheck[Any],
        asset: AssetKey,
        days: Sequence[tuple[Tenant, DaySummarized | DayCompared]],
    ) -> None:
        check.record(self._context, asset, self._database, self._units(days))

    def _units(
        self, days: Sequence[tuple[Tenant, DaySummarized | DayCompared]]
    ) -> list[TenantDays]:
        return tenant_days([(day.day, tenant.slug) for tenant, day in days], self._tenants)


def _every(first: date, last: date, days: int) -> list[date]:
    return [first + timedelta(days=n) for n in range(0, (last - first).days + 1, days)]
