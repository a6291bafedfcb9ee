"""Which runs are requested or under way, and which partitions a run is over."""

from collections.abc import Mapping, Sequence
from typing import Final

from dagster import DagsterRunStatus, RunsFilter

UNFINISHED: Final = RunsFilter(
    statuses=[
        DagsterRunStatus.NOT_STARTED,
        DagsterRunStatus.QUEUED,
        DagsterRunStatus.STARTING,
        DagsterRunStatus.STARTED,
        DagsterRunStatus.CANCELING,
    ]
)


def ends_of_range(tags: Mapping[str, str]) -> tuple[str, str] | None:
    """Return the first and last partition key of a run with these tags; None if it has none."""
    single = tags.get("dagster/partition")
    first = tags.get("dagster/asset_partition_range_start", single)
    last = tags.get("dagster/asset_partition_range_end", single)
    return (first, last) if first is not None and last is not None else None


def between(first: str, last: str, order: Sequence[str]) -> tuple[str, ...]:
    """Return the keys from `first` to `last`, none if one of them is not in `order`."""
    if first not in order or last not in order:
        return ()
    return tuple(order[order.index(first) : order.index(last) + 1])
