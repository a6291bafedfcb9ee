"""The only module of the tests that uses Dagster's private API, each name with why.

What the product uses as well is in `loopctl_pipelines.orchestration.dagster_internals`.
"""

from collections.abc import Collection

from dagster import AssetKey, DagsterInstance, Definitions

# A planned check, to store it without a run.
from dagster._core.definitions.asset_checks.asset_check_evaluation import (
    AssetCheckEvaluationPlanned,
)

# Whether a partition is stale, as the UI shows it; the instance does not say.
from dagster._core.definitions.data_version import CachingStaleStatusResolver, StaleStatus

# What a storage raises if a run is there.
from dagster._core.errors import DagsterRunAlreadyExists

# A planned materialization, to store it without a run.
from dagster._core.events import AssetMaterializationPlannedData

# What the resolver of the staleness reads through.
from dagster._core.loader import LoadingContextForTest

# The type of `instance.event_log_storage`.
from dagster._core.storage.event_log import EventLogStorage

# A run in any state, without executing it.
from dagster._core.test_utils import create_run_for_test

# The limits of the run queue, as the daemon counts them.
from dagster._utils.tags import TagConcurrencyLimitsCounter

__all__ = [
    "AssetCheckEvaluationPlanned",
    "AssetMaterializationPlannedData",
    "DagsterRunAlreadyExists",
    "EventLogStorage",
    "TagConcurrencyLimitsCounter",
    "create_run_for_test",
    "partitions_by_staleness",
]


def partitions_by_staleness(
    instance: DagsterInstance, definitions: Definitions, asset: AssetKey, keys: Collection[str]
) -> dict[str, set[str]]:
    """Return the partition keys by what Dagster shows: MISSING, STALE or FRESH."""
    resolver = CachingStaleStatusResolver(
        instance, definitions.resolve_asset_graph(), LoadingContextForTest(instance)
    )
    found: dict[StaleStatus, set[str]] = {}
    for key in keys:
        found.setdefault(resolver.get_status(asset, key), set()).add(key)
    return {status.value: of_status for status, of_status in found.items()}
