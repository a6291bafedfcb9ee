"""Turns at the database: shared by all tenants, never all of them one tenant's."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from loopctl_pipelines.knowledge.embedding.storage.connection_slots import TenantTurns, Turns


class Holding:
    """Counts who holds a turn at the same time."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._now = 0
        self.most = 0

    def hold(self, turns: TenantTurns, others: int) -> None:
        """Hold a turn until so many are held in all, or no more are to be had."""
        with turns.taken(), self._changed:
            self._now += 1
            self.most = max(self.most, self._now)
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._now >= others, timeout=0.5)
            self._now -= 1


@pytest.mark.parametrize(("turns", "most"), [(1, 1), (2, 1), (3, 2), (8, 7)])
def test_a_tenant_has_all_turns_but_one(turns: int, most: int) -> None:
    tenant, holding = Turns(turns).of_a_tenant(), Holding()
    with ThreadPoolExecutor(turns + 2) as threads:
        for _ in range(turns + 2):
            threads.submit(holding.hold, tenant, turns)
    assert holding.most == most


def test_tenants_have_all_turns_together() -> None:
    turns, holding = Turns(3), Holding()
    tenants = [turns.of_a_tenant() for _ in range(3)]
    with ThreadPoolExecutor(9) as threads:
        for tenant in tenants * 3:
            threads.submit(holding.hold, tenant, 4)
    assert holding.most == 3
