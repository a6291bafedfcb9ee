"""The only module of the tests that uses Dagster's private API, each name with why.

What the product uses as well is in `loopctl_pipelines.orchestration.dagster_internals`.
"""

from collections.abc import Collection, Sequence

from dagster import AssetKey, DagsterInstance, Definitions, RunRequest

# A planned check, to store it without a run.
from dagster._core.definitions.asset_checks.asset_check_evaluation import (
    AssetCheckEvaluationPlanned,
)

# Which runs the daemon starts for a backfill.
from dagster._core.definitions.automation_tick_evaluation_context import (
    build_run_requests_with_backfill_policies,
)

# Whether a partition is stale, as the UI shows it; the instance does not say.
from dagster._core.definitions.data_version import CachingStaleStatusResolver, StaleStatus

# One partition of an asset, in the selection of a backfill.
from dagster._core.definitions.events import AssetKeyPartitionKey

# What a storage raises if a run is there.
from dagster._core.errors import DagsterRunAlreadyExists

# A planned materialization, to store it without a run.
from dagster._core.events import AssetMaterializationPlannedData

# A backfill, to store its end without a daemon.
from dagster._core.execution.backfill import BulkActionStatus, PartitionBackfill

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
    "BulkActionStatus",
    "DagsterRunAlreadyExists",
    "EventLogStorage",
    "PartitionBackfill",
    "TagConcurrencyLimitsCounter",
    "create_run_for_test",
    "partitions_by_staleness",
    "run_requests_of_backfill",
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


def run_requests_of_backfill(
    instance: DagsterInstance,
    definitions: Definitions,
    assets: Collection[AssetKey],
    keys: Collection[str],
) -> Sequence[RunRequest]:
    """Return the runs that the daemon starts for these partitions of these assets."""
    wanted = [AssetKeyPartitionKey(asset, key) for asset in assets for key in keys]
    return build_run_requests_with_backfill_policies(
        wanted, definitions.resolve_asset_graph(), instance
    )
