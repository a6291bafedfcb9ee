"""Records when a key was last used: in the background, at most once a minute."""

import asyncio
import logging
from functools import partial
from uuid import UUID

import psycopg

from loopctl_pipelines.api.access.api_key import ApiKey
from loopctl_pipelines.api.access.operator_queries import note_key_use
from loopctl_pipelines.api.database_threads import DatabaseThreads
from loopctl_pipelines.api.errors import RequestRefusedError
from loopctl_pipelines.database.errors import DatabaseUnreachableError

_log = logging.getLogger(__name__)


class KeyUses:
    """Records uses of keys. No request waits for it, and none fails because of it."""

    def __init__(self, threads: DatabaseThreads) -> None:
        self._threads = threads
        self._under_way: dict[UUID, asyncio.Task[None]] = {}

    def note(self, key: ApiKey) -> None:
        """Record that the key was used, unless that was recorded within the last minute."""
        if key.use_is_due and key.id not in self._under_way:
            self._under_way[key.id] = asyncio.create_task(self._write(key.id))

    async def finish(self) -> None:
        """Wait for running writes."""
        await asyncio.gather(*self._under_way.values())

    async def _write(self, key_id: UUID) -> None:
        try:
            await self._threads.run(partial(note_key_use, key_id=key_id))
        except (psycopg.Error, DatabaseUnreachableError, RequestRefusedError) as error:
            _log.warning("the use of key %s was not noted: %s", key_id, type(error).__name__)
        finally:
            del self._under_way[key_id]
