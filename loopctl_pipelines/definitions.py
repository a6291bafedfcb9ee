"""The composition root: merges the domains' definitions and gives them their resources.

Only this module, `dagster_storage` and `cli` read the environment.
"""

import atexit
import os
from collections.abc import Mapping
from functools import cache

from dagster import Definitions, ResourceDefinition, definitions, in_process_executor

from loopctl_pipelines.alerts.definitions import build_alerts_definitions
from loopctl_pipelines.alerts.targets import check_urls
from loopctl_pipelines.costs.definitions import build_costs_definitions
from loopctl_pipelines.costs.summaries.rollup_protocol import Rollup, load_rollup
from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.database.embedded import DATABASE_NAME, EmbeddedServer
from loopctl_pipelines.knowledge.definitions import build_knowledge_definitions
from loopctl_pipelines.knowledge.embedding.definitions import build_embedder
from loopctl_pipelines.knowledge.extraction.definitions import build_extractor
from loopctl_pipelines.knowledge.proposals.verdict import GateThresholds
from loopctl_pipelines.orchestration.dagster_internals import is_loaded_for_a_run
from loopctl_pipelines.orchestration.definitions import build_orchestration_definitions
from loopctl_pipelines.orchestration.event_retention.definitions import (
    build_event_retention_definitions,
)
from loopctl_pipelines.orchestration.json_run_log import log_as_json
from loopctl_pipelines.settings import Settings
from loopctl_pipelines.tenants.definitions import build_tenants_definitions


def build_definitions(
    settings: Settings, *, resources: Mapping[str, object] | None = None
) -> Definitions:
    """Return everything that Dagster loads: every domain's definitions, and their resources.

    Args:
        settings: the settings.
        resources: replace the defaults by name: `database`, `embedder`, `extractor`,
            `anomaly_rule`, `rollup`. Resources that need a database use a replaced one.

    Raises:
        SettingsError: if LOOPCTL_ROLLUP names no rollup.
    """
    domains = Definitions.merge(
        build_orchestration_definitions(),
        build_tenants_definitions(),
        build_costs_definitions(settings),
        build_knowledge_definitions(settings),
        build_alerts_definitions(settings),
    )
    return Definitions.merge(
        domains,
        build_event_retention_definitions(settings, domains),
        Definitions(
            resources=_resources(settings, resources or {}),
            # a second process for each step would double a run's time and could be orphaned
            executor=in_process_executor,
        ),
    )


def _resources(settings: Settings, given: Mapping[str, object]) -> dict[str, object]:
    database = given.get("database") or _database(settings)
    if not isinstance(database, Database):
        raise TypeError("The resource `database` must be a Database.")
    rollup = given.get("rollup") or load_rollup(settings.rollup)
    if not isinstance(rollup, (Rollup, ResourceDefinition)):
        raise TypeError("The resource `rollup` must have a method `roll_up`.")
    return {
        "database": database,
        "embedder": given.get("embedder") or build_embedder(settings, database),
        "extractor": given.get("extractor") or build_extractor(settings, database),
        "anomaly_rule": settings.anomaly_rule,
        "gate_thresholds": GateThresholds(
            settings.duplicate_similarity, settings.low_novelty_similarity
        ),
        "rollup": rollup,
        **given,
    }


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
    settings = Settings.from_environment(os.environ)
    if settings.log_format == "json":
        log_as_json()
    # the process that offers the definitions has checked it, and it takes a second
    if not is_loaded_for_a_run():
        check_urls(settings.alert_urls)
    return build_definitions(settings)
