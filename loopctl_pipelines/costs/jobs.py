"""The job of the nightly run and of backfills."""

from typing import Final

from dagster import PartitionKeyRange

DAILY_COSTS: Final = "daily_costs"
"""The job over `cost_summaries` and `cost_anomalies`; `definitions.py` makes it."""


def range_tags(partitions: PartitionKeyRange) -> dict[str, str]:
    """Return the tags by which one run is over all partitions of a range."""
    return {
        "dagster/asset_partition_range_start": partitions.start,
        "dagster/asset_partition_range_end": partitions.end,
    }
