"""Carries a tenant's history over to another slug, in what Dagster has stored about partitions.

Events keep their ids, times and runs, so nothing looks new and nothing is requested for them. Runs
keep the slugs with which they ran.
"""

import json
from collections.abc import Collection
from typing import Any

from dagster import AssetKey, DagsterInstance, DynamicPartitionsDefinition
from sqlalchemy import Column, ColumnElement, Connection, Table, bindparam, func, or_, select

from loopctl_pipelines.orchestration.dagster_internals import (
    AssetCheckExecutionsTable,
    AssetEventTagsTable,
    AssetKeyTable,
    SqlEventLogStorageTable,
)
from loopctl_pipelines.orchestration.errors import StorageNotOursError, UnfinishedRunsError
from loopctl_pipelines.orchestration.event_storage import BatchingEventLogStorage
from loopctl_pipelines.orchestration.unfinished_runs import unfinished_runs

_SEPARATOR = "|"
_TAGS = "dagster/partition"


def require_no_runs(instance: DagsterInstance) -> None:
    """Refuse to change partitions while runs are over them.

    Raises:
        UnfinishedRunsError: if a run is requested or in progress.
    """
    if runs := unfinished_runs(instance):
        raise UnfinishedRunsError(len(runs))


def carry_over(
    instance: DagsterInstance,
    keys: DynamicPartitionsDefinition,
    assets: Collection[AssetKey],
    old: str,
    new: str,
) -> int:
    """Give the partitions of one slug to another; it may be repeated after an interrupt.

    Args:
        instance: Dagster's instance.
        keys: the tenants' keys.
        assets: all assets with a partition per tenant, or per day and tenant.
        old: the slug that the partitions have.
        new: the slug that they get.

    Returns:
        The number of materializations.

    Raises:
        UnfinishedRunsError: if a run is requested or in progress.
        StorageNotOursError: if Dagster's storage is another one.
    """
    require_no_runs(instance)
    storage = instance.event_log_storage
    if not isinstance(storage, BatchingEventLogStorage):
        raise StorageNotOursError
    name = keys.name or ""
    instance.add_dynamic_partitions(name, [new])
    with storage.index_transaction() as connection:
        moved = _move(connection, [asset.to_string() for asset in assets], old, new)
    for asset in assets:
        storage.wipe_asset_cached_status(asset)
    instance.delete_dynamic_partition(name, old)
    return moved


def materialized_slugs(instance: DagsterInstance, assets: Collection[AssetKey]) -> set[str]:
    """Return the slugs with a materialization of one of these assets."""
    return {
        key.rpartition(_SEPARATOR)[2]
        for asset in assets
        for key in instance.get_materialized_partitions(asset)
    }


def _move(connection: Connection, assets: Collection[str], old: str, new: str) -> int:
    events, checks = SqlEventLogStorageTable, AssetCheckExecutionsTable
    of_old = select(events.c.id).where(_is_of(events, assets, old))
    tags = AssetEventTagsTable
    connection.execute(
        tags.update()
        .where(tags.c.event_id.in_(of_old), tags.c.key.startswith(_TAGS), tags.c.value == old)
        .values(value=new)
    )
    kinds = select(events.c.dagster_event_type).where(_is_of(events, assets, old))
    moved = [kind for (kind,) in connection.execute(kinds)].count("ASSET_MATERIALIZATION")
    _rewrite(connection, events, events.c.event, assets, (old, new))
    # of a run over both, the new tenant's own row stays
    other = checks.alias()
    connection.execute(
        checks.delete().where(
            _is_of(checks, assets, old),
            select(other.c.id)
            .where(*(other.c[each] == checks.c[each] for each in ("asset_key", "check_name")))
            .where(other.c.run_id == checks.c.run_id)
            .where(other.c.partition == _renamed_column(checks.c.partition, old, new))
            .exists(),
        )
    )
    _rewrite(connection, checks, checks.c.evaluation_event, assets, (old, new))
    _rewrite_latest(connection, assets, (old, new))
    return moved


def _rewrite(
    connection: Connection,
    table: Table,
    text: "Column[Any]",
    assets: Collection[str],
    slugs: tuple[str, str],
) -> None:
    """Rewrite the stored events of partitions, and the column that names the partition."""
    old, new = slugs
    found = connection.execute(select(table.c.id, text).where(_is_of(table, assets, old))).all()
    if found:
        connection.execute(
            table.update()
            .where(table.c.id == bindparam("row"))
            .values(
                {text: bindparam("text"), "partition": _renamed_column(table.c.partition, old, new)}
            ),
            [{"row": number, "text": _renamed_event(event, slugs)} for number, event in found],
        )


def _rewrite_latest(
    connection: Connection, assets: Collection[str], slugs: tuple[str, str]
) -> None:
    """Rewrite the latest materialization of each asset, of which Dagster keeps a copy."""
    table = AssetKeyTable.c
    latest = select(table.id, table.last_materialization).where(table.asset_key.in_(assets))
    for number, event in connection.execute(latest).all():
        connection.execute(
            AssetKeyTable.update()
            .where(table.id == number)
            .values(last_materialization=_renamed_event(event, slugs))
        )


def _is_of(table: Table, assets: Collection[str], slug: str) -> ColumnElement[bool]:
    partition = table.c.partition
    of_slug = or_(partition == slug, partition.endswith(_SEPARATOR + slug, autoescape=True))
    return table.c.asset_key.in_(assets) & of_slug


def _renamed_column(partition: "Column[Any]", old: str, new: str) -> ColumnElement[str]:
    return func.concat(func.left(partition, func.length(partition) - len(old)), new)


def _renamed_event(event: str | None, slugs: tuple[str, str]) -> str | None:
    return event and json.dumps(_renamed(json.loads(event), "", slugs))


def _renamed(value: object, name: str, slugs: tuple[str, str]) -> object:
    """Return the part of an event, with the new slug where the old one is a partition's."""
    if isinstance(value, dict):
        return {key: _renamed(part, key, slugs) for key, part in value.items()}
    if isinstance(value, list):
        return [_renamed(part, "", slugs) for part in value]
    if not isinstance(value, str) or (name != "partition" and not name.startswith(_TAGS)):
        return value
    day, separator, slug = value.rpartition(_SEPARATOR)
    return day + separator + slugs[1] if slug == slugs[0] else value
