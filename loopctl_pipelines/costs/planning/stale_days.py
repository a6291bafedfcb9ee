"""Plans the runs that recompute stale summaries. Pure."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date

from loopctl_pipelines.costs.planning.rectangles import Rectangle, rectangles

Partition = tuple[date, str]
"""A UTC day and a tenant's slug."""


@dataclass(frozen=True, slots=True)
class RecomputePlan:
    """The runs to request, and why other stale partitions wait.

    Attributes:
        requested: the partitions of each run to be requested.
        in_flight: stale partitions of unfinished runs. If such a run read them before they were
            marked, they stay stale and a later evaluation requests them.
        failed: stale partitions whose last recomputation failed recently.
    """

    requested: list[Rectangle]
    in_flight: int
    failed: int


@dataclass(frozen=True, slots=True)
class StaleDays:
    """The situation that an evaluation of the sensor finds.

    Attributes:
        stale: the stale partitions.
        unfinished: the partitions of queued and running runs.
        failed: partitions to skip for now.
        order: all tenants' slugs, in the order of the partition keys; a tenant that is missing has
            no partition yet.
    """

    stale: Collection[Partition]
    unfinished: Sequence[Rectangle]
    failed: Collection[Partition]
    order: Sequence[str]

    def plan(self, *, most_runs: int, partitions_per_run: int) -> RecomputePlan:
        """Cover exactly the stale partitions that are neither in flight nor failed recently."""
        known = {partition for partition in self.stale if partition[1] in self.order}
        in_flight = {p for p in known if any(run.covers(*p) for run in self.unfinished)}
        paused = (known - in_flight) & set(self.failed)
        chunks = [
            chunk
            for rectangle in rectangles(known - in_flight - paused, self.order)
            for chunk in rectangle.chunks(partitions_per_run)
        ]
        return RecomputePlan(chunks[:most_runs], len(in_flight), len(paused))
