"""`token_data_retention`: deletes and archives old token usage, in one run over all tenants."""

from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from typing import Final

from dagster import (
    AssetExecutionContext,
    Config,
    Failure,
    MaterializeResult,
    MetadataValue,
    ResourceParam,
    TableColumn,
    TableRecord,
    TableSchema,
    asset,
)
from pydantic import Field

from loopctl_pipelines.anomaly_rule import AnomalyRule
from loopctl_pipelines.costs.assets import token_usage_reports
from loopctl_pipelines.costs.retention.last_rollup import LastRollup
from loopctl_pipelines.costs.retention.retained import Retained
from loopctl_pipelines.costs.retention.retention import retain_all
from loopctl_pipelines.costs.summaries.rollup_protocol import Rollup
from loopctl_pipelines.costs.table_use import RETENTION_TABLES
from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.orchestration.partition_failures import describe_errors
from loopctl_pipelines.orchestration.run_scope import active_tenants
from loopctl_pipelines.tenants.operator_queries import list_tenants
from loopctl_pipelines.terminal_text import visible

_SHOWN_TENANTS: Final = 100
_DONE_SCHEMA = TableSchema(
    columns=[
        TableColumn("tenant", "string"),
        TableColumn("retention_days", "int", description="null: nothing is archived"),
        TableColumn("reports_soft_deleted", "int", description="archived"),
        TableColumn("reports_hard_deleted", "int", description="soft-deleted 30 days ago"),
        TableColumn("anomalies_archived", "int"),
        TableColumn("late_reports", "int", description="archived, of days that were final before"),
    ]
)


class RetentionConfig(Config):
    """The tenants that a run of `token_data_retention` is for."""

    tenants: list[str] = Field(default=[], description="Slugs; empty: all active tenants.")


@asset(
    deps=[token_usage_reports],
    group_name="costs",
    owners=["team:loopctl-operators"],
    kinds={"postgres"},
    code_version="1",
    description=(
        "Deletes reports that were soft-deleted 30 days ago. For tenants with a "
        "token_data_retention_days, archives older reports and anomalies. Summaries stay: a day "
        "is summarized one last time before it is archived."
    ),
)
def token_data_retention(
    context: AssetExecutionContext,
    config: RetentionConfig,
    database: ResourceParam[Database],
    rollup: ResourceParam[Rollup],
    anomaly_rule: ResourceParam[AnomalyRule],
) -> MaterializeResult[None]:
    """Delete and archive the usage of each tenant; fail at the end if there was an error.

    Raises:
        Failure: naming the tenants that had an error, with what was done for all tenants.
    """
    slugs = config.tenants or [t.slug for t in list_tenants(database).values() if t.is_active]
    if not slugs:
        return MaterializeResult(metadata=_metadata([]))
    tenants = active_tenants(context, database, slugs, RETENTION_TABLES).values()
    now = datetime.now(UTC).replace(tzinfo=None)
    done = list(retain_all(database, list(tenants), now, LastRollup(rollup, anomaly_rule)))
    errors = [error for tenant in done for error in tenant.errors]
    for late in filter(None, (tenant.late_reports_warning for tenant in done)):
        context.log.warning(late)
    for error in errors:
        context.log.error(str(error))
    if errors:
        raise Failure(describe_errors(errors), metadata=_metadata(done), allow_retries=False)
    return MaterializeResult(metadata=_metadata(done))


def _metadata(done: Collection[Retained]) -> dict[str, MetadataValue]:
    changed = sorted((each for each in done if each.rows), key=lambda each: -each.rows)
    return {
        "tenants": MetadataValue.int(len(done)),
        "reports archived": MetadataValue.int(sum(each.reports_soft_deleted for each in done)),
        "reports deleted": MetadataValue.int(sum(each.reports_hard_deleted for each in done)),
        "anomalies archived": MetadataValue.int(sum(each.anomalies_archived for each in done)),
        "late reports": MetadataValue.int(sum(each.late_reports for each in done)),
        "errors": MetadataValue.int(sum(len(each.errors) for each in done)),
        "by tenant": MetadataValue.table(_rows(changed[:_SHOWN_TENANTS]), _DONE_SCHEMA),
    }


def _rows(done: Sequence[Retained]) -> list[TableRecord]:
    return [
        TableRecord(
            {
                "tenant": visible(each.tenant.slug),
                "retention_days": each.retention_days,
                "reports_soft_deleted": each.reports_soft_deleted,
                "reports_hard_deleted": each.reports_hard_deleted,
                "anomalies_archived": each.anomalies_archived,
                "late_reports": each.late_reports,
            }
        )
        for each in done
    ]
