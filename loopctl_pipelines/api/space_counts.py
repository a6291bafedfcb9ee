"""How many articles of a tenant can be compared with a text, counted once a minute."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from loopctl_pipelines.api.database_threads import DatabaseThreads
from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.knowledge.embedding.texts.articles import VectorSpace
from loopctl_pipelines.knowledge.search.operator_queries import has_iterative_scan
from loopctl_pipelines.knowledge.search.ranked.index_scan import IndexScan, index_scan
from loopctl_pipelines.knowledge.search.ranked.storage import count_all_tenants, count_spaces

COUNTED_SECONDS: Final = 60.0
"""Counts of a tenant are used for so long: counting 100,000 articles takes longer than a search."""

_MOST_TENANTS = 10_000


@dataclass(frozen=True, slots=True)
class SpaceCounts:
    """A tenant's published articles.

    Attributes:
        by_space: by the space of their vector; None: they have none to compare.
        all_tenants: articles of all tenants, about; 0: not known.
        has_iterative_scan: the vector index can be searched for one tenant's articles.
    """

    by_space: Mapping[VectorSpace | None, int]
    all_tenants: int
    has_iterative_scan: bool

    def scan(self, space: VectorSpace) -> IndexScan | None:
        """Return how to search a space's index; None: compare one by one."""
        if not self.has_iterative_scan:
            return None
        return index_scan(self.by_space.get(space, 0), self.all_tenants)

    def outside(self, space: VectorSpace) -> int:
        """Return how many have no vector of this space: not embedded yet, or set aside."""
        return sum(self.by_space.values()) - self.by_space.get(space, 0)


class CountedSpaces:
    """Counts for all tenants. Requests that come during a count share it."""

    def __init__(self, threads: DatabaseThreads) -> None:
        """Take the way to the database."""
        self._threads = threads
        self._counts: dict[UUID, tuple[float, asyncio.Task[SpaceCounts]]] = {}
        self._has_iterative_scan: bool | None = None

    async def of(self, tenant_id: UUID) -> SpaceCounts:
        """Return a tenant's counts, at most `COUNTED_SECONDS` old; raises as the database does."""
        now = time.monotonic()
        counted = self._counts.get(tenant_id)
        if counted is None or counted[0] < now or _has_failed(counted[1]):
            self._forget(now)
            counting = asyncio.create_task(self._threads.run(lambda db: self._count(db, tenant_id)))
            counted = self._counts[tenant_id] = (now + COUNTED_SECONDS, counting)
        # a request that ends early does not end the count for the others
        return await asyncio.shield(counted[1])

    def _count(self, database: Database, tenant_id: UUID) -> SpaceCounts:
        if self._has_iterative_scan is None:
            self._has_iterative_scan = has_iterative_scan(database)
        with database.tenant_transaction(tenant_id) as connection:
            return SpaceCounts(
                count_spaces(connection, tenant_id),
                count_all_tenants(connection),
                self._has_iterative_scan,
            )

    def _forget(self, now: float) -> None:
        if len(self._counts) >= _MOST_TENANTS:
            self._counts = {key: each for key, each in self._counts.items() if each[0] >= now}


def _has_failed(task: "asyncio.Task[SpaceCounts]") -> bool:
    return task.done() and (task.cancelled() or task.exception() is not None)
