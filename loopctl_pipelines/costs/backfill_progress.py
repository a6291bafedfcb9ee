"""Shows a backfill in the terminal."""

from collections.abc import Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import suppress

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


def show_backfill(console: Console, backfill: Backfill, *, anew: bool) -> bool:
    """Run the backfill with a progress bar over its partitions; return whether all landed.

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
    failures: list[str] = []
    with Progress(
        *columns, TimeElapsedColumn(), TimeRemainingColumn(), console=console
    ) as progress:
        total = sum(chunk.size for chunk in chunks)
        task = progress.add_task("partitions", total=total, failed="")
        if done:
            skipped = sum(chunk.size for chunk in done)
            progress.advance(task, skipped)
            console.print(
                f"{skipped} partitions were done before the interruption: not done again "
                "(with --anew they are)."
            )
        failed = 0
        for chunk, run in _interruptible(backfill.run(done), console):
            progress.advance(task, len(run.landed))
            failed += chunk.size - len(run.landed)
            if failed:
                progress.update(task, failed=f"{failed} failed")
            if run.failure is not None:
                failures.append(run.failure)
    for failure in failures:
        console.print(failure, style="red")
    return not failures


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
