"""`weekly_reconciliation`: finds and repairs days that changed without anything being marked.

A report that is committed late, a story that moves to another epic, a row that somebody has edited:
loopctl marks none of them. The rollup is its own comparison, it writes what differs and no more.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Final

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
from loopctl_pipelines.costs.detection import detect_anomalies
from loopctl_pipelines.costs.jobs import WEEKLY_RECONCILIATION
from loopctl_pipelines.costs.metadata import compared_metadata, summarized_metadata
from loopctl_pipelines.costs.rollup import DaySummarized, roll_up
from loopctl_pipelines.costs.side_by_side import Day, Failed, Work, run_side_by_side
from loopctl_pipelines.costs.tenant_days import TenantDays, tenant_days
from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.errors import DetectionError, RollupError, TenantWorkError
from loopctl_pipelines.partition_results import Described, all_tenants
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
        self._tenants = {s: t for s, t in all_tenants(database).items() if t.is_active}

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
            self._record("cost_summaries", key, summarized_metadata(day))
        return repaired

    def detect(self, repaired: Sequence[tuple[Tenant, DaySummarized]], rule: AnomalyRule) -> None:
        """Detect the anomalies of the days that were repaired."""
        units = tenant_days([(day.day, tenant.slug) for tenant, day in repaired], self._tenants)
        work = partial(detect_anomalies, rule=rule)
        for tenant, day in self._run(units, work, DetectionError):
            key = partition_key(day.day, tenant.slug)
            self._record("cost_anomalies", key, compared_metadata(day))

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
            raise Failure(" ".join(map(str, self._errors[:10])), shown, allow_retries=False)
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

    def _record(self, asset: str, key: str, metadata: Described) -> None:
        event = AssetMaterialization(AssetKey(asset), None, metadata, key)
        self._context.log_event(event)


def _every(first: date, last: date, days: int) -> list[date]:
    return [first + timedelta(days=n) for n in range(0, (last - first).days + 1, days)]
