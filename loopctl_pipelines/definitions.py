"""The composition root: puts settings, database and Dagster's definitions together.

Beside `cli` the only reader of the environment.
"""

import atexit
import os
import warnings
from datetime import UTC, datetime
from functools import cache

from dagster import (
    BetaWarning,
    Definitions,
    PreviewWarning,
    define_asset_job,
    definitions,
    in_process_executor,
)

from loopctl_pipelines.costs.assets import build_cost_assets, token_usage_reports
from loopctl_pipelines.costs.jobs import DAILY_COSTS, WEEKLY_RETENTION
from loopctl_pipelines.costs.reconciliation_job import build_reconciliation_job
from loopctl_pipelines.costs.retention_assets import token_data_retention
from loopctl_pipelines.costs.schedules import (
    build_daily_costs_schedule,
    weekly_reconciliation_schedule,
    weekly_retention_schedule,
)
from loopctl_pipelines.costs.sensors import build_stale_costs_sensor, cost_anomalies_sensor
from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.database.embedded import DATABASE_NAME, EmbeddedServer
from loopctl_pipelines.embeddings.assets import articles, build_article_embeddings
from loopctl_pipelines.embeddings.breaker import Breaker
from loopctl_pipelines.embeddings.circuit import BreakerPolicy
from loopctl_pipelines.embeddings.embedder import Embedder
from loopctl_pipelines.embeddings.guarded_provider import GuardedProvider
from loopctl_pipelines.embeddings.jobs import EMBED_ARTICLES
from loopctl_pipelines.embeddings.provider import EmbeddingProvider
from loopctl_pipelines.embeddings.sensors import build_pending_embeddings_sensor
from loopctl_pipelines.partitions import TENANTS, date_by_tenant
from loopctl_pipelines.settings import Settings
from loopctl_pipelines.tenants.sensors import build_tenants_sensor

# Dagster stores each event by itself unless told so: 300 tenants took 22.8 s instead of 12.3 s.
os.environ.setdefault("DAGSTER_EVENT_BATCH_SIZE", "1000")


def build_definitions(
    settings: Settings, database: Database | None = None, embedder: Embedder | None = None
) -> Definitions:
    """Return everything that Dagster is to know.

    Args:
        settings: the settings.
        database: loopctl's database, where it is open already.
        embedder: who makes vectors, where one is there already.
    """
    database = database or _database(settings)
    start = settings.start_date.resolve(datetime.now(UTC).date())
    with warnings.catch_warnings():
        # backfill_policy, without which a range of partitions would be a run each
        warnings.simplefilter("ignore", BetaWarning)
        # partitions of a check, without which one tenant's result would stand for all
        warnings.simplefilter("ignore", PreviewWarning)
        assets = build_cost_assets(date_by_tenant(start))
        article_embeddings = build_article_embeddings()
    return Definitions(
        assets=[token_usage_reports, *assets, token_data_retention, articles, article_embeddings],
        jobs=[
            define_asset_job(
                DAILY_COSTS,
                selection=assets,
                description="Summaries and anomalies of many tenants and UTC days, in one run.",
            ),
            define_asset_job(
                WEEKLY_RETENTION,
                selection=[token_data_retention],
                description="Deletes and archives what is older than each tenant keeps it.",
            ),
            build_reconciliation_job(settings),
            define_asset_job(
                EMBED_ARTICLES,
                selection=[article_embeddings],
                description="Vectors of what is pending of many tenants, in one run.",
            ),
        ],
        schedules=[
            build_daily_costs_schedule(settings),
            weekly_reconciliation_schedule,
            weekly_retention_schedule,
        ],
        sensors=[
            build_tenants_sensor(TENANTS),
            build_stale_costs_sensor(settings),
            cost_anomalies_sensor,
            build_pending_embeddings_sensor(),
        ],
        resources={
            "database": database,
            "embedder": embedder or build_embedder(settings, database),
            "anomaly_rule": settings.anomaly_rule,
        },
        # a second process for each step would double a run's time and could be orphaned
        executor=in_process_executor,
    )


def build_embedder(settings: Settings, database: Database) -> Embedder:
    """Return the embedding work: provider, circuit breaker and the tenants' keys."""
    provider = GuardedProvider(
        EmbeddingProvider(settings.embedding_base_url),
        Breaker(database, BreakerPolicy()),
        requests=settings.embedding_requests,
    )
    return Embedder(
        database,
        provider,
        settings.cloak_key,
        requests_per_tenant=settings.embedding_requests_per_tenant,
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
