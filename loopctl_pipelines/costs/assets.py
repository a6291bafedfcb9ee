"""The cost assets: raw reports -> summaries per tenant and day -> anomalies in them."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from functools import partial

import psycopg
from dagster import (
    AssetExecutionContext,
    AssetsDefinition,
    AssetSpec,
    BackfillPolicy,
    DagsterLogManager,
    FreshnessPolicy,
    MultiPartitionsDefinition,
    ResourceParam,
    asset,
)

from loopctl_pipelines.anomaly_rule import AnomalyRule
from loopctl_pipelines.costs.anomalies.detection import DayCompared, detect_anomalies
from loopctl_pipelines.costs.anomalies_check import anomalies_match_rule
from loopctl_pipelines.costs.asset_keys import BASELINES
from loopctl_pipelines.costs.budget_runs import check_budgets_of
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
from loopctl_pipelines.costs.list_prices_check import costs_match_list_prices
from loopctl_pipelines.costs.partition_runs import (
    StepEvent,
    end_run,
    metadata_by_partition,
    plan_run,
    run_units,
)
from loopctl_pipelines.costs.summaries.rollup_protocol import Rollup
from loopctl_pipelines.costs.summaries_check import SUMMARIES_MATCH_REPORTS
from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.database.errors import DatabaseUnreachableError
from loopctl_pipelines.orchestration.landed_inputs import follow_landed
from loopctl_pipelines.orchestration.materializations import Metadata
from loopctl_pipelines.tenants.tenant import Tenant

_GROUP = "costs"
_OWNERS = ["team:loopctl-operators"]

token_usage_reports = AssetSpec(
    "token_usage_reports",
    description=(
        "What agents report: tokens and cost of each call, by story, model and phase. loopctl "
        "writes this table; this project only reads it."
    ),
    group_name=_GROUP,
    owners=_OWNERS,
    kinds={"postgres"},
    metadata={
        "dagster/table_name": "public.token_usage_reports",
        "dagster/column_schema": REPORT_COLUMNS,
    },
)

# the nightly run begins at 02:00 UTC
EVERY_NIGHT = FreshnessPolicy.cron(
    deadline_cron="0 4 * * *", lower_bound_delta=timedelta(hours=2), timezone="UTC"
)

FOLLOW_LANDED_SUMMARIES = follow_landed("follow the summaries that landed")


def build_cost_assets(
    partitions: MultiPartitionsDefinition,
    model_aliases: Mapping[str, str],
    *,
    calibrated: bool = False,
) -> tuple[AssetsDefinition, AssetsDefinition]:
    """Return `cost_summaries` and `cost_anomalies` over these partitions.

    Both may be materialized over many partitions in one run.

    Args:
        partitions: days and tenants.
        model_aliases: listed names of models by the operator's own, in lower case.
        calibrated: whether the anomalies depend on `cost_baselines` as well.
    """
    list_prices = costs_match_list_prices(model_aliases)

    @asset(
        partitions_def=partitions,
        deps=[token_usage_reports],
        backfill_policy=BackfillPolicy.single_run(),
        check_specs=[
            SUMMARIES_MATCH_REPORTS.spec("cost_summaries", partitions),
            list_prices.spec("cost_summaries", partitions),
        ],
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
            "from the reports, never incremented: materializing again is always safe and does not "
            "touch rows that are already right."
        ),
    )
    def cost_summaries(
        context: AssetExecutionContext,
        database: ResourceParam[Database],
        rollup: ResourceParam[Rollup],
    ) -> Iterator[StepEvent]:
        plan = plan_run(context, database)
        done = run_units(context.log, database, plan.units, rollup.roll_up, RollupError)
        landed = metadata_by_partition(done.days, summarized_metadata)
        yield from end_run(context, plan, done, landed, SUMMARIES_MATCH_REPORTS, list_prices)

    @asset(
        partitions_def=partitions,
        deps=[cost_summaries, token_usage_reports, *([BASELINES] if calibrated else [])],
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
            "Stories whose cost of the day is far from their epic's: by default above 3.0 times, "
            "or below 0.1 times, the average; with the calibrated rule, by the tenant's own "
            "history. Each anomaly that opens or ends is audited. Then the tenant's budgets are "
            "checked: stories over budget are anomalies too."
        ),
    )
    def cost_anomalies(
        context: AssetExecutionContext,
        database: ResourceParam[Database],
        anomaly_rule: ResourceParam[AnomalyRule],
    ) -> Iterator[StepEvent]:
        plan = plan_run(context, database)
        work = partial(detect_anomalies, rule=anomaly_rule)
        done = run_units(context.log, database, plan.units, work, DetectionError)
        for warning in sorted({text for _, day in done.days if (text := compared_warning(day))}):
            context.log.warning(warning)
        budgets = check_budgets_of(context.log, database, done.units)
        done.failed.extend(budgets.failed)
        landed = budgets.added_to(_with_plots(context.log, database, done.days, anomaly_rule))
        check = anomalies_match_rule(anomaly_rule)
        yield from end_run(context, plan, done, landed, check)

    return cost_summaries, cost_anomalies


def _with_plots(
    log: DagsterLogManager,
    database: Database,
    days: Sequence[tuple[Tenant, DayCompared]],
    rule: AnomalyRule,
) -> dict[str, Metadata]:
    """Return the metadata of the anomalies' materializations, with plots for some of them."""
    landed = metadata_by_partition(days, compared_metadata)
    try:
        plots = plots_of_run(database, days, rule)
    except (psycopg.Error, DatabaseUnreachableError):
        # the work is committed: a plot is no reason to fail
        log.warning("No plots: the costs of the days before could not be read.")
        return landed
    return landed | {key: {**landed[key], **plot} for key, plot in plots.items()}
