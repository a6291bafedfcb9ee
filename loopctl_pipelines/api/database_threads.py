"""Runs the database work of requests off the event loop, bounded in number and in time."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from loopctl_pipelines.api.connection_limits import LIMITS
from loopctl_pipelines.api.errors import unavailable
from loopctl_pipelines.database.connection import Database

Result = TypeVar("Result")

# half of the connections that the server keeps open; the others are for requests without database
_MOST_WAITING = LIMITS.connections // 2


class DatabaseThreads:
    """One thread per connection. A request that finds none free in time is answered with 503.

    So is one that finds many requests waiting: the connections of all of them would be occupied.
    """

    def __init__(self, database: Database, *, patience: float, work_seconds: float) -> None:
        """Take the database and the bounds.

        Args:
            database: has one connection per thread.
            patience: seconds a request waits for a thread.
            work_seconds: seconds before the work is abandoned. The server cancels a statement
                earlier; this bound is for a server that stopped answering.
        """
        self._database = database
        self._patience = patience
        self._work_seconds = work_seconds
        self._free = asyncio.Semaphore(database.connections)
        self._waiting = 0
        self._threads = ThreadPoolExecutor(database.connections, "database")

    async def run(self, work: Callable[[Database], Result]) -> Result:
        """Return what the work returns.

        Raises:
            RequestRefusedError: 503, if no thread is free in time or the work does not end in time.
        """
        await self._wait_for_thread()
        working = asyncio.get_running_loop().run_in_executor(self._threads, work, self._database)
        # not when the wait ends: work that was given up still has its thread
        working.add_done_callback(lambda _: self._free.release())
        try:
            async with asyncio.timeout(self._work_seconds):
                return await asyncio.shield(working)
        except TimeoutError:
            raise unavailable("The database does not answer.") from None

    async def _wait_for_thread(self) -> None:
        if self._waiting >= _MOST_WAITING:
            raise unavailable("Too many requests are under way.")
        self._waiting += 1
        try:
            async with asyncio.timeout(self._patience):
                await self._free.acquire()
        except TimeoutError:
            raise unavailable("Too many requests are under way.") from None
        finally:
            self._waiting -= 1

    def close(self) -> None:
        """Wait for the work under way. Nothing can be run afterwards."""
        self._threads.shutdown()
