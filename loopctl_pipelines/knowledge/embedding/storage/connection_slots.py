"""Turns at the database: all tenants share them, and no tenant ever has all of them."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Semaphore


@dataclass(frozen=True, slots=True)
class TenantTurns:
    """One tenant's part of the turns. Threads may share it.

    Attributes:
        of_all: bounds the statements of all tenants together.
        own: bounds this tenant's.
    """

    of_all: Semaphore
    own: Semaphore

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Wait for a turn, and hold it meanwhile."""
        # the own one first: who waits for that must not keep others from theirs
        with self.own, self.of_all:
            yield


class Turns:
    """As many turns as statements of all tenants may run at once."""

    def __init__(self, turns: int) -> None:
        self._turns = turns
        self._of_all = Semaphore(turns)

    def of_a_tenant(self) -> TenantTurns:
        """Return a tenant's part: all but one, so that others go on while its statements wait."""
        return TenantTurns(self._of_all, Semaphore(max(1, self._turns - 1)))
