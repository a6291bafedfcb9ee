"""Puts the tests that take longest at the start of each worker's share.

At the end, a worker that has one long test left would keep the others waiting.
"""

from collections.abc import Callable, Sequence
from typing import Final, TypeVar

LONGEST: Final = (
    "trials/trials_test.py",
    "benchmarks/bench_test.py",
    "knowledge/daemon_leak_test.py",
    "cli/killed_dev_test.py",
    "cli/dev_test.py",
    "database/permissions_test.py",
    "cli/cli_test.py",
)
"""Modules that start the project's servers or many processes, those with the longest test first."""

_Item = TypeVar("_Item")


def long_first(
    items: Sequence[_Item], module_of: Callable[[_Item], str], workers: int
) -> list[_Item]:
    """Return the tests in an order whose contiguous shares begin with long ones.

    Args:
        items: the tests, those of a module together.
        module_of: gives the path of a test's module.
        workers: how many get a share; the scheduler `worksteal` makes the shares equal.
    """
    heads: list[list[_Item]] = [[] for _ in range(workers)]
    for number, module in enumerate(LONGEST):
        heads[number % workers] += [item for item in items if module_of(item).endswith(module)]
    others = [item for item in items if not module_of(item).endswith(LONGEST)]
    ordered: list[_Item] = []
    for number, head in enumerate(heads):
        share = (len(items) - len(ordered)) // (workers - number)
        taken = max(0, share - len(head))
        ordered += head + others[:taken]
        del others[:taken]
    return ordered + others
