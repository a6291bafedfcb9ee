"""What a materialization was made from: the tags by which Dagster computes staleness.

Dagster adds them to the result of an asset's step, for all partitions of the run or none. A run
that skips a tenant, and the weekly reconciliation, record some partitions only.
"""

from collections.abc import Collection, Sequence
from hashlib import sha256
from typing import NamedTuple

from dagster import (
    AssetKey,
    AssetsDefinition,
    DagsterEventType,
    DagsterInstance,
    DataVersion,
    EventLogRecord,
)

from loopctl_pipelines.orchestration.dagster_internals import (
    DATA_VERSION_TAG,
    DEFAULT_DATA_VERSION,
    MOST_HASHED_INPUT_PARTITIONS,
    compute_logical_data_version,
)


class _Input(NamedTuple):
    """An input as a materialization saw it."""

    version: DataVersion
    storage_id: int | None


def provenance_tags(
    instance: DagsterInstance, asset: AssetsDefinition, partitions: Collection[str], run_id: str
) -> dict[str, str]:
    """Return the tags that Dagster gives a materialization: code, inputs, and the data's version.

    Call this before the work reads its inputs: an input that changes meanwhile is then newer than
    the result.

    Args:
        instance: where the inputs' materializations are.
        asset: the asset that is materialized; its partitioned inputs have the same partitions.
        partitions: the partitions that the run works on.
        run_id: stands in for the version of code that has none.
    """
    (spec,) = asset.specs
    code_version = spec.code_version or run_id
    inputs = _inputs(instance, [dep.asset_key for dep in spec.deps], sorted(partitions))
    versions = {key: each.version for key, each in inputs.items()}
    data_version = compute_logical_data_version(code_version, versions)
    tags = {"dagster/code_version": code_version, DATA_VERSION_TAG: data_version.value}
    for key, each in inputs.items():
        name = key.to_user_string()
        tags[f"dagster/input_data_version/{name}"] = each.version.value
        tags[f"dagster/input_event_pointer/{name}"] = str(each.storage_id or "NULL")
    return tags


def _inputs(
    instance: DagsterInstance, keys: Sequence[AssetKey], partitions: Sequence[str]
) -> dict[AssetKey, _Input]:
    entries = [record.asset_entry for record in instance.get_asset_records(keys)]
    latest = {entry.asset_key: entry.last_materialization_record for entry in entries}
    return {key: _input(instance, key, latest.get(key), partitions) for key in keys}


def _input(
    instance: DagsterInstance,
    key: AssetKey,
    latest: EventLogRecord | None,
    partitions: Sequence[str],
) -> _Input:
    if latest is None:
        # an external asset may be observed instead
        latest = next(iter(instance.fetch_observations(key, limit=1).records), None)
    if latest is None:
        return _Input(DEFAULT_DATA_VERSION, None)
    if latest.partition_key is not None and len(partitions) <= MOST_HASHED_INPUT_PARTITIONS:
        return _Input(_version_of(instance, key, partitions), latest.storage_id)
    tag = (latest.event_log_entry.tags or {}).get(DATA_VERSION_TAG)
    return _Input(DataVersion(tag) if tag else DEFAULT_DATA_VERSION, latest.storage_id)


def _version_of(instance: DagsterInstance, key: AssetKey, partitions: Sequence[str]) -> DataVersion:
    """Return the version that Dagster gives to several partitions: a hash over those of each."""
    tags = instance.event_log_storage.get_latest_tags_by_partition(
        key,
        DagsterEventType.ASSET_MATERIALIZATION,
        [DATA_VERSION_TAG],
        asset_partitions=partitions,
    )
    versions = "".join(tags[partition][DATA_VERSION_TAG] for partition in sorted(tags))
    return DataVersion(sha256(versions.encode()).hexdigest())
