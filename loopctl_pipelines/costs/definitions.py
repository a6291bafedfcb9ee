"""The definitions of costs. A new asset, check, schedule or sensor of costs is added here."""

import warnings
from datetime import UTC, datetime

from dagster import BetaWarning, Definitions, PreviewWarning, define_asset_job

from loopctl_pipelines.costs.asset_keys import ANOMALIES, BASELINES
from loopctl_pipelines.costs.assets import EVERY_NIGHT, build_cost_assets, token_usage_reports
from loopctl_pipelines.costs.baselines_asset import build_baselines_asset
from loopctl_pipelines.costs.jobs import DAILY_COSTS, WEEKLY_RETENTION
from loopctl_pipelines.costs.reconciliation_job import build_reconciliation_job
from loopctl_pipelines.costs.retention_assets import token_data_retention
from loopctl_pipelines.costs.schedules import (
    build_daily_costs_schedule,
    weekly_reconciliation_schedule,
    weekly_retention_schedule,
)
from loopctl_pipelines.costs.sensors import build_cost_anomalies_sensor, build_stale_costs_sensor
from loopctl_pipelines.partitions import date_by_tenant
from loopctl_pipelines.settings import Settings


def build_costs_definitions(settings: Settings) -> Definitions:
    """Return the definitions of costs.

    They need the resources `database`, `rollup` and `anomaly_rule`.
    """
    partitions = date_by_tenant(settings.start_date.resolve(datetime.now(UTC).date()))
    with warnings.catch_warnings():
        # backfill_policy, without which a range of partitions would be one run per partition
        warnings.simplefilter("ignore", BetaWarning)
        # partitioned checks, without which one tenant's result would be everybody's
        warnings.simplefilter("ignore", PreviewWarning)
        needs_baselines = settings.anomaly_rule.needs_baselines
        assets = build_cost_assets(partitions, settings.model_aliases, calibrated=needs_baselines)
        baselines = [build_baselines_asset(partitions, EVERY_NIGHT)] if needs_baselines else []
    return Definitions(
        assets=[token_usage_reports, *assets, *baselines, token_data_retention],
        jobs=[
            define_asset_job(
                DAILY_COSTS,
                selection=[*assets, *baselines],
                description="Summaries and anomalies of many tenants and UTC days, in one run.",
            ),
            define_asset_job(
                WEEKLY_RETENTION,
                selection=[token_data_retention],
                description="Deletes and archives what is older than each tenant keeps it.",
            ),
            build_reconciliation_job(settings, *assets, *baselines),
        ],
        schedules=[
            build_daily_costs_schedule(settings),
            weekly_reconciliation_schedule,
            weekly_retention_schedule,
        ],
        sensors=[
            build_stale_costs_sensor(settings),
            build_cost_anomalies_sensor([BASELINES, ANOMALIES] if baselines else [ANOMALIES]),
        ],
    )
