"""The composition root: puts settings, database and Dagster's definitions together.

Beside `cli` the only reader of the environment.
"""

import atexit
import os
import warnings
from datetime import UTC, datetime
from functools import cache

from dagster import BetaWarning, Definitions, define_asset_job, definitions, in_process_executor

from loopctl_pipelines.costs.assets import build_cost_assets, token_usage_reports
from loopctl_pipelines.costs.jobs import DAILY_COSTS
from loopctl_pipelines.costs.schedules import build_daily_costs_schedule
from loopctl_pipelines.costs.sensors import cost_anomalies_sensor
from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.database.embedded import DATABASE_NAME, EmbeddedServer
from loopctl_pipelines.partitions import TENANTS, date_by_tenant
from loopctl_pipelines.settings import Settings
from loopctl_pipelines.tenants.sensors import build_tenants_sensor

# Dagster stores each event by itself unless told so: 300 tenants took 22.8 s instead of 12.3 s.
os.environ.setdefault("DAGSTER_EVENT_BATCH_SIZE", "1000")


def build_definitions(settings: Settings, database: Database | None = None) -> Definitions:
    """Return everything that Dagster is to know.

    Args:
        settings: the settings.
        database: loopctl's database, where it is open already.
    """
    start = settings.start_date.resolve(datetime.now(UTC).date())
    with warnings.catch_warnings():
        # backfill_policy, without which a range of partitions would be a run each
        warnings.simplefilter("ignore", BetaWarning)
        assets = build_cost_assets(date_by_tenant(start))
    return Definitions(
        assets=[token_usage_reports, *assets],
        jobs=[
            define_asset_job(
                DAILY_COSTS,
                selection=assets,
                description="Summaries and anomalies of many tenants and UTC days, in one run.",
            )
        ],
        schedules=[build_daily_costs_schedule(settings)],
        sensors=[build_tenants_sensor(TENANTS), cost_anomalies_sensor],
        resources={"database": database or _database(settings)},
        # a second process for each step would double a run's time and could be orphaned
        executor=in_process_executor,
    )


def _database(settings: Settings) -> Database:
    @cache
    def embedded_url() -> str:
        server = EmbeddedServer(settings.home)
        server.start()
        atexit.register(server.stop)
        return server.url(DATABASE_NAME)

    return Database(
        settings.database_url or embedded_url,
        settings.database_role,
        connections=settings.connections,
    )


@definitions
def defs() -> Definitions:
    """Return the definitions of this environment; Dagster calls it when it loads the module.

    Raises:
        SettingsError: naming the setting that cannot be used.
    """
    return build_definitions(Settings.from_environment(os.environ))
