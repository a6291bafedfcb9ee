"""Articles that are pending, as `pending_embeddings_sensor` finds them."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from dagster import AssetKey

from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.knowledge.embedding.jobs import EMBED_ARTICLES
from loopctl_pipelines.knowledge.embedding.operator_queries import (
    articles_version,
    forget_deleted_tenants,
    forget_other_endpoints,
    next_embedding_attempt,
    pending_embeddings,
)
from loopctl_pipelines.knowledge.embedding.work.embedder import Embedder
from loopctl_pipelines.knowledge.tenant_work.sensor_cursor import PendingTenant
from loopctl_pipelines.llm.operation import Operation


@dataclass(frozen=True, slots=True)
class EmbeddingQueue:
    """The pending articles of all tenants.

    Attributes:
        embedder: gives access to the database and to the circuits.
    """

    embedder: Embedder

    operation: ClassVar[Operation] = Operation.EMBEDDING
    job_name: ClassVar[str] = EMBED_ARTICLES
    asset_key: ClassVar[AssetKey] = AssetKey("article_embeddings")
    checked_table: ClassVar[str] = "articles"

    @property
    def database(self) -> Database:
        """Loopctl's database."""
        return self.embedder.database

    def version(self) -> str | None:
        """Return a value that is constant while no article, key or model changes."""
        return articles_version(self.database)

    def next_attempt(self) -> datetime | None:
        """Return when the next waiting article is due."""
        return next_embedding_attempt(self.database)

    def pending(self) -> list[PendingTenant]:
        """Return the active tenants that have pending articles."""
        return pending_embeddings(self.database)

    def open_circuits(self) -> Collection[UUID]:
        """Return the tenants whose circuit at the provider is open."""
        return self.embedder.provider.breaker.open_tenants()

    def clean_up(self) -> None:
        """Remove rows of deleted tenants, and what another endpoint refused."""
        forget_deleted_tenants(self.database)
        forget_other_endpoints(self.database, self.embedder.provider.endpoint)
