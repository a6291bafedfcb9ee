"""Backfills: many days of many tenants, in Dagster runs in this process. They can be resumed."""

from collections.abc import Collection, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from hashlib import sha256

from dagster import DagsterInstance, DagsterRun, DagsterRunStatus, JobDefinition, RunsFilter

from loopctl_pipelines.costs.job_runs import JobRun, run_daily_costs
from loopctl_pipelines.costs.jobs import PARTITIONS_PER_RUN
from loopctl_pipelines.costs.planning.rectangles import Rectangle, rectangles
from loopctl_pipelines.orchestration.unfinished_runs import runs
from loopctl_pipelines.partitions import tenant_order

_BACKFILL_TAG = "loopctl/backfill"
_CHUNK_TAG = "loopctl/chunk"
_ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Backfill:
    """A backfill of `daily_costs` over the UTC days `first` to `last` of some tenants.

    It is cut into chunks of days, with a run for each. The runs are tagged, so that the next
    backfill over the same days and tenants knows which chunks an interrupted one has done.

    Attributes:
        instance: records the runs.
        job: `daily_costs`.
        first: the first UTC day.
        last: the last UTC day, inclusive.
        slugs: of the tenants.
        tags: of every run.
        retried: only these partitions; None: all of them. Nothing is resumed then.
    """

    instance: DagsterInstance
    job: JobDefinition
    first: date
    last: date
    slugs: Sequence[str]
    tags: Mapping[str, str] = field(default_factory=dict)
    retried: Collection[tuple[date, str]] | None = None

    def chunks(self) -> list[Rectangle]:
        """Return the partitions of each run."""
        whole = Rectangle(self.first, self.last, tuple(self.slugs)).partitions()
        chosen = whole if self.retried is None else self.retried
        return [
            chunk
            for rectangle in rectangles(chosen, tenant_order(self.instance))
            for chunk in rectangle.chunks(PARTITIONS_PER_RUN)
        ]

    def done_before(self) -> set[Rectangle]:
        """Return the chunks that an interrupted backfill of the same partitions has done."""
        if self.retried is not None:
            return set()
        done = {
            run.tags.get(_CHUNK_TAG)
            for run in self._runs()
            if run.status is DagsterRunStatus.SUCCESS
        }
        return {chunk for chunk in self.chunks() if _name(chunk) in done}

    def run(self, skipped: set[Rectangle] | None = None) -> Generator[tuple[Rectangle, JobRun]]:
        """Run the chunks one after the other, except the `skipped` ones; yield each as it ends."""
        for chunk in self.chunks():
            if chunk not in (skipped or ()):
                yield chunk, self._run(chunk)
        if self.retried is None:
            self.forget()

    def forget(self) -> None:
        """Make the next backfill of the same partitions start from the beginning."""
        for run in self._runs():
            self.instance.add_run_tags(run.run_id, {_BACKFILL_TAG: _ENDED})

    def _run(self, chunk: Rectangle) -> JobRun:
        resumed = {_BACKFILL_TAG: self._id(), _CHUNK_TAG: _name(chunk)}
        tags = resumed if self.retried is None else {}
        return run_daily_costs(self.instance, self.job, chunk, tags, tags_of_all=self.tags)

    def _runs(self) -> list[DagsterRun]:
        return runs(self.instance, RunsFilter(tags={_BACKFILL_TAG: self._id()}))

    def _id(self) -> str:
        tenants = sha256("|".join(sorted(self.slugs)).encode()).hexdigest()[:12]
        return f"{self.first}_{self.last}_{tenants}"


def _name(chunk: Rectangle) -> str:
    return f"{chunk.first}_{chunk.last}_{chunk.slugs[0]}_{chunk.slugs[-1]}"
