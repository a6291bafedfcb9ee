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

_RANGE_START = "dagster/asset_partition_range_start"
_RANGE_END = "dagster/asset_partition_range_end"

TENANTS: Final = DynamicPartitionsDefinition(name="tenants")
"""One key a tenant, its slug; `tenants_sensor` and `loopctl-pipelines tenants sync` add them."""


def date_by_tenant(start: date) -> MultiPartitionsDefinition:
    """Return the partitions from the UTC day `start` to yesterday, for every tenant."""
    days = DailyPartitionsDefinition(datetime(start.year, start.month, start.day))  # noqa: DTZ001 - Dagster wants the zone apart
    return MultiPartitionsDefinition({"date": days, "tenant": TENANTS})


def partition_key(day: date, slug: str) -> MultiPartitionKey:
    """Return the key of one tenant's day."""
    return MultiPartitionKey({"date": day.isoformat(), "tenant": slug})


def day_and_slug(key: str) -> tuple[date, str]:
    """Return the UTC day and the tenant's slug of a key; a slug never holds a `|`."""
    day, _, slug = key.partition("|")
    return date.fromisoformat(day), slug


def partition_range(days: tuple[date, date], slugs: tuple[str, str]) -> PartitionKeyRange:
    """Return the rectangle of (first, last) days x (first, last) tenants in the keys' order."""
    return PartitionKeyRange(partition_key(days[0], slugs[0]), partition_key(days[1], slugs[1]))


def range_tags(partitions: PartitionKeyRange) -> dict[str, str]:
    """Return the tags by which one run is over all partitions of a range."""
    return {_RANGE_START: partitions.start, _RANGE_END: partitions.end}


def range_of_tags(tags: Mapping[str, str]) -> PartitionKeyRange | None:
    """Return the range that a run with these tags is over; None if it is over one partition."""
    if _RANGE_START not in tags or _RANGE_END not in tags:
        return None
    return PartitionKeyRange(tags[_RANGE_START], tags[_RANGE_END])


def tenant_order(instance: DagsterInstance) -> Sequence[str]:
    """Return the tenants' keys in the order in which ranges of partitions have them."""
    return instance.get_dynamic_partitions(TENANTS.name or "")
