"""Connection slots: shared by all tenants, and one tenant never holds all of them."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from loopctl_pipelines.knowledge.tenant_work.connection_slots import (
    ConnectionSlots,
    TenantSlots,
)


class Holding:
    """Counts how many threads hold a slot at the same time."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._now = 0
        self.most = 0

    def hold(self, slots: TenantSlots, others: int) -> None:
        """Hold a slot until this many are held in all, or no more are available."""
        with slots.held(), self._changed:
            self._now += 1
            self.most = max(self.most, self._now)
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._now >= others, timeout=0.5)
            self._now -= 1


@pytest.mark.parametrize(("slots", "most"), [(1, 1), (2, 1), (3, 2), (8, 7)])
def test_a_tenant_has_all_slots_but_one(slots: int, most: int) -> None:
    tenant, holding = ConnectionSlots(slots).for_tenant(), Holding()
    with ThreadPoolExecutor(slots + 2) as threads:
        for _ in range(slots + 2):
            threads.submit(holding.hold, tenant, slots)
    assert holding.most == most


def test_tenants_together_have_all_slots() -> None:
    slots, holding = ConnectionSlots(3), Holding()
    tenants = [slots.for_tenant() for _ in range(3)]
    with ThreadPoolExecutor(9) as threads:
        for tenant in tenants * 3:
            threads.submit(holding.hold, tenant, 4)
    assert holding.most == 3
