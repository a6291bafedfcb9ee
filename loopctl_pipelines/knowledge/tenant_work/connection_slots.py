"""Connection slots: all tenants share them, and no tenant ever holds all of them. Pure."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Semaphore


@dataclass(frozen=True, slots=True)
class TenantSlots:
    """The slots that one tenant may hold. Threads may share it.

    Attributes:
        shared: bounds the transactions of all tenants together.
        own: bounds this tenant's.
    """

    shared: Semaphore
    own: Semaphore

    @contextmanager
    def held(self) -> Iterator[None]:
        """Wait for a slot and hold it until the block ends."""
        # the own bound first: a thread that waits for it must not hold a slot that others need
        with self.own, self.shared:
            yield


class ConnectionSlots:
    """As many slots as transactions of all tenants may run at once."""

    def __init__(self, slots: int) -> None:
        self._slots = slots
        self._shared = Semaphore(slots)

    def for_tenant(self) -> TenantSlots:
        """Return a tenant's part: all but one, so that others proceed while its statements wait."""
        return TenantSlots(self._shared, Semaphore(max(1, self._slots - 1)))
