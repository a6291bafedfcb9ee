"""The partitions of costs: UTC day x tenant, such as `2026-04-02|acme`."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Final

from dagster import (
    DagsterInstance,
    DailyPartitionsDefinition,
    DynamicPartitionsDefinition,
    MultiPartitionKey,
    MultiPartitionsDefinition,
    PartitionKeyRange,
)

_SINGLE: Final = "dagster/partition"
_RANGE_START: Final = "dagster/asset_partition_range_start"
_RANGE_END: Final = "dagster/asset_partition_range_end"

TENANTS: Final = DynamicPartitionsDefinition(name="tenants")
"""One key for each tenant, its slug; `tenants_sensor` and `tenants sync` add them."""


def date_by_tenant(start: date) -> MultiPartitionsDefinition:
    """Return the partitions from the UTC day `start` to yesterday, for every tenant."""
    days = DailyPartitionsDefinition(datetime(start.year, start.month, start.day))  # noqa: DTZ001 - Dagster takes the zone separately
    return MultiPartitionsDefinition({"date": days, "tenant": TENANTS})


def partition_key(day: date, slug: str) -> MultiPartitionKey:
    """Return the key of one tenant's day."""
    return MultiPartitionKey({"date": day.isoformat(), "tenant": slug})


def day_and_slug(key: str) -> tuple[date, str]:
    """Return the UTC day and the tenant's slug of a key; a slug never holds a `|`."""
    day, _, slug = key.partition("|")
    return date.fromisoformat(day), slug


def dimension_tags(key: str) -> dict[str, str]:
    """Return the tags of an event of a tenant's day; the key of a tenant has no dimensions."""
    if "|" not in key:
        return {}
    day, slug = day_and_slug(key)
    return {f"{_SINGLE}/date": day.isoformat(), f"{_SINGLE}/tenant": slug}


def partition_range(days: tuple[date, date], slugs: tuple[str, str]) -> PartitionKeyRange:
    """Return the rectangle of (first, last) days x (first, last) tenants in key order."""
    return PartitionKeyRange(partition_key(days[0], slugs[0]), partition_key(days[1], slugs[1]))


def range_tags(partitions: PartitionKeyRange) -> dict[str, str]:
    """Return the tags of one run over all partitions of a range."""
    return {_RANGE_START: partitions.start, _RANGE_END: partitions.end}


def range_of_tags(tags: Mapping[str, str]) -> PartitionKeyRange | None:
    """Return the range that a run with these tags is over; None if it has no partition.

    A run over a single partition is a range of one.
    """
    single = tags.get(_SINGLE)
    first, last = tags.get(_RANGE_START, single), tags.get(_RANGE_END, single)
    return PartitionKeyRange(first, last) if first is not None and last is not None else None


def slugs_between(first: str, last: str, order: Sequence[str]) -> tuple[str, ...]:
    """Return the slugs from `first` to `last` in `order`; none if either is not in it."""
    if first not in order or last not in order:
        return ()
    return tuple(order[order.index(first) : order.index(last) + 1])


def tenant_order(instance: DagsterInstance) -> Sequence[str]:
    """Return the tenants' keys in the order that ranges of partitions follow."""
    return instance.get_dynamic_partitions(TENANTS.name or "")
