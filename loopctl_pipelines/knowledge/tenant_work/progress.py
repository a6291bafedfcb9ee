"""Shows the work on tenants in the terminal."""

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from loopctl_pipelines.knowledge.tenant_work.sensor_cursor import PendingTenant
from loopctl_pipelines.tenants.tenant import Tenant


@contextmanager
def progress_bar(
    console: Console, items: str, pending: Collection[PendingTenant], tenants: Collection[Tenant]
) -> Iterator[Callable[[str, int], None]]:
    """Show a progress bar over the pending items of tenants; give what advances it.

    Args:
        console: where to print.
        items: what is counted, such as "articles".
        pending: of all tenants.
        tenants: those that are worked on.
    """
    wanted = {tenant.id for tenant in tenants}
    total = sum(tenant.items for tenant in pending if tenant.tenant_id in wanted)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(
        *columns, TimeElapsedColumn(), TimeRemainingColumn(), console=console
    ) as progress:
        task = progress.add_task(items, total=total)

        # several threads call it; rich updates a task under a lock
        def advance(_slug: str, done: int) -> None:
            progress.advance(task, done)
            # also items are worked on that were set aside, or were added meanwhile
            [shown] = progress.tasks
            progress.update(task, total=max(total, shown.completed))

        yield advance
