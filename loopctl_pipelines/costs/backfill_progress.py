"""Shows a backfill in the terminal."""

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


def show_backfill(console: Console, backfill: Backfill, *, anew: bool) -> bool:
    """Run the backfill with a progress bar over its partitions; say whether all of them landed.

    Args:
        console: where to.
        backfill: what is to be run.
        anew: do again what an interrupted backfill of the same partitions has done.
    """
    if anew:
        backfill.forget()
    done = backfill.done_before()
    chunks = backfill.chunks()
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    failures: list[str] = []
    with Progress(
        *columns, TimeElapsedColumn(), TimeRemainingColumn(), console=console
    ) as progress:
        total = sum(chunk.size for chunk in chunks)
        task = progress.add_task("partitions", total=total)
        if done:
            skipped = sum(chunk.size for chunk in done)
            progress.advance(task, skipped)
            console.print(
                f"{skipped} partitions were done before the interruption: not done again."
            )
        for chunk, run in backfill.run(done):
            progress.advance(task, chunk.size)
            if run.failure is not None:
                failures.append(run.failure)
    for failure in failures:
        console.print(failure, style="red", highlight=False, markup=False)
    return not failures
