"""Which runs bring stale summaries up to date. Pure."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date

from loopctl_pipelines.costs.planning.rectangles import Rectangle, rectangles

Partition = tuple[date, str]
"""A UTC day and a tenant's slug."""


@dataclass(frozen=True, slots=True)
class Healing:
    """What a look at the stale summaries came to.

    Attributes:
        requested: the partitions of each run to be requested.
        in_flight: stale partitions that a run is over already; if it does not heal them, because it
            had read them before they were marked, a later look will see that.
        failed: stale partitions whose last healing has failed a short while ago.
        left: stale partitions that are more than one look requests.
    """

    requested: list[Rectangle]
    in_flight: int
    failed: int
    left: int


@dataclass(frozen=True, slots=True)
class StaleDays:
    """What a look finds.

    Attributes:
        stale: the partitions to be healed.
        unfinished: the partitions of the runs that are requested or under way.
        failed: partitions to be left alone for now.
        order: all tenants' slugs, in the order in which the partitions have them; stale ones of
            other tenants have no partition yet.
    """

    stale: Collection[Partition]
    unfinished: Sequence[Rectangle]
    failed: Collection[Partition]
    order: Sequence[str]

    def healing(self, *, most_runs: int, partitions_per_run: int) -> Healing:
        """Cover exactly the stale partitions that no run is over and none has failed on."""
        known = {partition for partition in self.stale if partition[1] in self.order}
        in_flight = {p for p in known if any(run.covers(*p) for run in self.unfinished)}
        paused = (known - in_flight) & set(self.failed)
        chunks = [
            chunk
            for rectangle in rectangles(known - in_flight - paused, self.order)
            for chunk in rectangle.chunks(partitions_per_run)
        ]
        left = sum(chunk.size for chunk in chunks[most_runs:])
        return Healing(chunks[:most_runs], len(in_flight), len(paused), left)
