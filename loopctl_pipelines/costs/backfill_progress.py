"""Shows a backfill in the terminal."""

from collections.abc import Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import dataclass, field

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from loopctl_pipelines.costs.backfill import Backfill
from loopctl_pipelines.costs.job_runs import JobRun
from loopctl_pipelines.costs.planning.rectangles import Rectangle
from loopctl_pipelines.database.retries import without_waiting

_FAILED = TextColumn("[red]{task.fields[failed]}")

Runs = Generator[tuple[Rectangle, JobRun]]


@dataclass(slots=True)
class BackfillResult:
    """What a backfill did.

    Attributes:
        landed: partitions that were materialized.
        failed: partitions that were not.
        unchanged: partitions that an interrupted backfill had done.
        run_ids: of its runs, in their order.
        failures: a sentence for each run that failed.
    """

    landed: int = 0
    failed: int = 0
    unchanged: int = 0
    run_ids: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    def add(self, chunk: Rectangle, run: JobRun) -> None:
        """Add a run over these partitions."""
        self.landed += len(run.landed)
        self.failed += chunk.size - len(run.landed)
        self.run_ids += [run.run_id, *run.further_run_ids]
        if run.failure is not None:
            self.failures.append(run.failure)


def show_backfill(console: Console, backfill: Backfill, *, anew: bool) -> BackfillResult:
    """Run the backfill with a progress bar over its partitions; return what it did.

    An interrupt ends it after the current run, so that no run is left half done.

    Args:
        console: where to print.
        backfill: the backfill.
        anew: repeat what an interrupted backfill of the same partitions has done.

    Raises:
        KeyboardInterrupt: if it was interrupted before its end.
    """
    if anew:
        backfill.forget()
    done = backfill.done_before()
    chunks = backfill.chunks()
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), _FAILED)
    result = BackfillResult(unchanged=sum(chunk.size for chunk in done))
    with Progress(
        *columns, TimeElapsedColumn(), TimeRemainingColumn(), console=console
    ) as progress:
        total = sum(chunk.size for chunk in chunks)
        task = progress.add_task("partitions", total=total, failed="")
        if done:
            progress.advance(task, result.unchanged)
            console.print(
                f"{result.unchanged} partitions were done before the interruption: not done again "
                "(with --anew they are)."
            )
        for chunk, run in _interruptible(backfill.run(done), console):
            progress.advance(task, len(run.landed))
            result.add(chunk, run)
            if result.failed:
                progress.update(task, failed=f"{result.failed} failed")
    for failure in result.failures:
        console.print(failure, style="red")
    return result


def _interruptible(runs: Runs, console: Console) -> Iterator[tuple[Rectangle, JobRun]]:
    """Yield the runs as they end; they run in a thread, so that Dagster swallows no interrupt."""
    with ThreadPoolExecutor(1, thread_name_prefix="backfill") as thread:
        while True:
            under_way = thread.submit(next, runs, None)
            interrupted = _wait(under_way, console)
            ended = under_way.result()
            if ended is None:
                return
            yield ended
            if interrupted:
                console.print("Interrupted. The same command goes on from here.")
                raise KeyboardInterrupt


def _wait(under_way: Future[tuple[Rectangle, JobRun] | None], console: Console) -> bool:
    """Wait for the run under way; return whether it is to be the last."""
    try:
        wait([under_way])
    except KeyboardInterrupt:
        console.print("Ending after the run under way.")
    else:
        return False
    # the run is ended by an outage that it would have outlasted
    with without_waiting():
        while not under_way.done():
            with suppress(KeyboardInterrupt):
                wait([under_way])
    return True
