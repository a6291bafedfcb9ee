"""Embeds one text for a request, within 5 seconds whatever the provider does."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from importlib import import_module
from typing import Final
from uuid import UUID

from loopctl_pipelines.api.database_threads import DatabaseThreads
from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.knowledge.embedding.work.guarded_provider import build_provider
from loopctl_pipelines.knowledge.embedding.work.text_embedding import (
    EmbeddedText,
    TextAccess,
    TextEmbedder,
)
from loopctl_pipelines.llm.failures import FailureKind, ProviderFailure
from loopctl_pipelines.llm.openai.exceptions import DEADLINE_SECONDS
from loopctl_pipelines.settings import Settings

EMBEDDING_SECONDS: Final = 5.0
"""After this time a request goes on without a vector."""

_REQUESTS = 64


class TextEmbeddings:
    """The way of requests to the embedding provider, with threads of its own.

    A provider that hangs holds up neither a thread nor a connection of the database.
    """

    def __init__(self, threads: DatabaseThreads, embedder: TextEmbedder) -> None:
        """Take the way to the database, and what embeds."""
        self._threads = threads
        self._embedder = embedder
        self._requests = ThreadPoolExecutor(_REQUESTS, "embedding")

    async def prepare(self) -> None:
        """Import the vendor's client: the first request would wait a second or two for it."""
        await asyncio.get_running_loop().run_in_executor(
            self._requests, import_module, "loopctl_pipelines.llm.openai.client"
        )

    async def embed(
        self, tenant_id: UUID, text: str, source_type: str
    ) -> EmbeddedText | ProviderFailure:
        """Return the vector of a text, or why there is none.

        Without a key, and while the tenant's circuit is open, that takes milliseconds: no thread is
        waited for. Else it takes `EMBEDDING_SECONDS` at most.

        Args:
            tenant_id: who pays.
            text: as `TextEmbedder.embed` takes it.
            source_type: what the text is, for the ledger.

        Raises:
            RequestRefusedError: 503, if the database has no free thread in time.
            psycopg.Error: if the database fails.
            DatabaseUnreachableError: if it cannot be reached.
        """
        try:
            async with asyncio.timeout(EMBEDDING_SECONDS):
                access = await self.access(tenant_id)
                if isinstance(access, ProviderFailure):
                    return access
                return await self.send(access, text, source_type)
        except TimeoutError:
            return ProviderFailure(FailureKind.TIMEOUT)

    async def access(self, tenant_id: UUID) -> TextAccess | ProviderFailure:
        """Return what `send` needs, or why nothing can be sent; raises as `embed` does."""
        return await self._threads.run(lambda _: self._embedder.access(tenant_id))

    async def send(
        self, access: TextAccess, text: str, source_type: str
    ) -> EmbeddedText | ProviderFailure:
        """Return the vector of a text, or why there is none; raises as `embed` does."""
        work = partial(self._embedder.embed, access, text, source_type)
        try:
            async with asyncio.timeout(EMBEDDING_SECONDS):
                return await asyncio.get_running_loop().run_in_executor(self._requests, work)
        except TimeoutError:
            return ProviderFailure(FailureKind.TIMEOUT)

    def close(self) -> None:
        """Wait for the requests under way. Nothing can be embedded afterwards."""
        self._requests.shutdown()
        self._embedder.close()


def build_text_embeddings(
    settings: Settings, database: Database, threads: DatabaseThreads
) -> TextEmbeddings:
    """Return the embeddings of the settings."""
    provider = build_provider(
        settings,
        database,
        requests=_REQUESTS,
        deadline_seconds=min(settings.embedding_deadline_seconds, DEADLINE_SECONDS),
        outage_seconds=0,
    )
    return TextEmbeddings(threads, TextEmbedder(database, provider, settings.cloak_key))
