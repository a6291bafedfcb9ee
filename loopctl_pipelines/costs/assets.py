"""The cost assets: raw reports -> summaries per tenant and day -> anomalies in them."""

from collections.abc import Iterator
from datetime import timedelta
from functools import partial

from dagster import (
    AssetExecutionContext,
    AssetsDefinition,
    AssetSpec,
    AutomationCondition,
    BackfillPolicy,
    FreshnessPolicy,
    MultiPartitionsDefinition,
    ResourceParam,
    asset,
)

from loopctl_pipelines.anomaly_rule import AnomalyRule
from loopctl_pipelines.costs.anomalies.detection import detect_anomalies
from loopctl_pipelines.costs.checks import SUMMARIES_MATCH_REPORTS, anomalies_match_rule
from loopctl_pipelines.costs.display.columns import (
    ANOMALY_COLUMNS,
    REPORT_COLUMNS,
    SUMMARY_COLUMNS,
)
from loopctl_pipelines.costs.display.metadata import (
    compared_metadata,
    compared_warning,
    summarized_metadata,
)
from loopctl_pipelines.costs.display.run_plots import plots_of_run
from loopctl_pipelines.costs.errors import DetectionError, RollupError
from loopctl_pipelines.costs.partition_runs import PartitionRun, RunEvent
from loopctl_pipelines.costs.summaries.rollup import roll_up
from loopctl_pipelines.database.connection import Database

_GROUP = "costs"
_OWNERS = ["team:loopctl-operators"]

token_usage_reports = AssetSpec(
    "token_usage_reports",
    description=(
        "What the agents report: tokens and cost of each call, by story, model and phase. "
        "loopctl writes this table; here it is only read."
    ),
    group_name=_GROUP,
    owners=_OWNERS,
    kinds={"postgres"},
    metadata={
        "dagster/table_name": "public.token_usage_reports",
        "dagster/column_schema": REPORT_COLUMNS,
    },
)

# the nightly run begins at 02:00 UTC (behaviour 1)
EVERY_NIGHT = FreshnessPolicy.cron(
    deadline_cron="0 4 * * *", lower_bound_delta=timedelta(hours=2), timezone="UTC"
)

# Once per landing of the summaries; a run over both assets has updated the anomalies by itself.
FOLLOW_LANDED_SUMMARIES = (
    AutomationCondition.any_deps_updated().since(
        AutomationCondition.newly_updated() | AutomationCondition.newly_requested()
    )
    & ~AutomationCondition.in_progress()
).with_label("follow the summaries that landed")


def build_cost_assets(partitions: MultiPartitionsDefinition) -> list[AssetsDefinition]:
    """Return `cost_summaries` and `cost_anomalies` over these partitions.

    Both may be materialized over many partitions in one run.
    """

    @asset(
        partitions_def=partitions,
        deps=[token_usage_reports],
        backfill_policy=BackfillPolicy.single_run(),
        check_specs=[SUMMARIES_MATCH_REPORTS.spec("cost_summaries", partitions)],
        freshness_policy=EVERY_NIGHT,
        group_name=_GROUP,
        owners=_OWNERS,
        kinds={"postgres"},
        code_version="1",
        metadata={
            "dagster/table_name": "public.cost_summaries",
            "dagster/column_schema": SUMMARY_COLUMNS,
        },
        description=(
            "Tokens and cost of one tenant and UTC day, per agent, epic and project. Recomputed "
            "from the reports, never incremented: materializing again is always safe, and rows "
            "that are right already are not touched."
        ),
    )
    def cost_summaries(
        context: AssetExecutionContext, database: ResourceParam[Database]
    ) -> Iterator[RunEvent]:
        run = PartitionRun(
            database, roll_up, RollupError, summarized_metadata, check=SUMMARIES_MATCH_REPORTS
        )
        yield from run.materialize(context)

    @asset(
        partitions_def=partitions,
        deps=[cost_summaries, token_usage_reports],
        backfill_policy=BackfillPolicy.single_run(),
        automation_condition=FOLLOW_LANDED_SUMMARIES,
        check_specs=[anomalies_match_rule(AnomalyRule()).spec("cost_anomalies", partitions)],
        freshness_policy=EVERY_NIGHT,
        group_name=_GROUP,
        owners=_OWNERS,
        kinds={"postgres"},
        code_version="1",
        metadata={
            "dagster/table_name": "public.cost_anomalies",
            "dagster/column_schema": ANOMALY_COLUMNS,
        },
        description=(
            "Stories whose cost of the day is far from that of their epic's: by default above 3.0 "
            "times, or below 0.1 times, the average. What is opened or resolved is audited."
        ),
    )
    def cost_anomalies(
        context: AssetExecutionContext,
        database: ResourceParam[Database],
        anomaly_rule: ResourceParam[AnomalyRule],
    ) -> Iterator[RunEvent]:
        run = PartitionRun(
            database,
            partial(detect_anomalies, rule=anomaly_rule),
            DetectionError,
            compared_metadata,
            plots_of_run,
            compared_warning,
            anomalies_match_rule(anomaly_rule),
        )
        yield from run.materialize(context)

    return [cost_summaries, cost_anomalies]
