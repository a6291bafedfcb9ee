"""The statements of the embedding domain, each for a transaction of one tenant.

All raise psycopg.Error if the statement fails; the transaction must then be rolled back.
`TenantSession.run` calls them.
"""

from collections.abc import Mapping, Sequence
from typing import Final
from uuid import UUID

from psycopg.rows import class_row

from loopctl_pipelines.database.connection import TenantConnection
from loopctl_pipelines.database.statements import statement
from loopctl_pipelines.knowledge.embedding.storage.rows import (
    ArticleState,
    EmbeddingSettings,
    EmbeddingStatus,
    EndpointTraits,
)
from loopctl_pipelines.knowledge.embedding.texts.articles import (
    HEAD_CHARACTERS,
    PendingArticle,
    VectorSpace,
)
from loopctl_pipelines.knowledge.tenant_work.pauses import pause_tenant, pause_without_key
from loopctl_pipelines.llm.missing_key import audit_missing_key
from loopctl_pipelines.llm.operation import Operation

ARTICLES_PER_READ: Final = 2_048
_BYTES_PER_READ = 16 * 2**20


def read_settings(connection: TenantConnection, tenant_id: UUID) -> EmbeddingSettings:
    """Return the tenant's settings; the defaults if it never set any."""
    cursor = connection.cursor(row_factory=class_row(EmbeddingSettings))
    row = cursor.execute(statement(__package__, "read_settings"), {"tenant_id": tenant_id})
    return row.fetchone() or EmbeddingSettings()


def read_endpoint(
    connection: TenantConnection, tenant_id: UUID, endpoint: bytes, model: str
) -> EndpointTraits:
    """Return what is known of a model at an endpoint."""
    cursor = connection.cursor(row_factory=class_row(EndpointTraits))
    parameters = {"tenant_id": tenant_id, "endpoint": endpoint, "model": model}
    row = cursor.execute(statement(__package__, "read_endpoint"), parameters).fetchone()
    return row or EndpointTraits()


def write_endpoint(
    connection: TenantConnection,
    tenant_id: UUID,
    endpoint: bytes,
    model: str,
    traits: EndpointTraits,
) -> None:
    """Store what is known of a model at an endpoint."""
    parameters = {
        "tenant_id": tenant_id,
        "endpoint": endpoint,
        "model": model,
        "dimension": traits.dimension,
        "floats": traits.floats,
        "most_texts": traits.most_texts,
    }
    connection.execute(statement(__package__, "write_endpoint"), parameters)


def forget_other_sizes(connection: TenantConnection, tenant_id: UUID, space: VectorSpace) -> None:
    """Make articles pending that have a vector of the model in another dimension."""
    parameters = {"tenant_id": tenant_id, "model": space.model, "dimension": space.dimension}
    connection.execute(statement(__package__, "forget_other_sizes"), parameters)


def change_endpoint(
    connection: TenantConnection, tenant_id: UUID, last: bytes | None, endpoint: bytes
) -> None:
    """Store where the tenant's texts go; what the last endpoint refused is pending again."""
    parameters = {"tenant_id": tenant_id, "endpoint": endpoint}
    connection.execute(statement(__package__, "change_endpoint"), parameters)
    if last is not None:
        forget_failures(connection, tenant_id)


def count_pending(connection: TenantConnection, tenant_id: UUID) -> int:
    """Return the number of pending articles."""
    rows = connection.execute(statement(__package__, "count_pending"), {"tenant_id": tenant_id})
    return int(rows.fetchall()[0][0])


def read_pending(
    connection: TenantConnection,
    tenant_id: UUID,
    after: PendingArticle | None,
    articles: int = ARTICLES_PER_READ,
) -> list[PendingArticle]:
    """Return the next pending articles after `after`, in the order of their insertion."""
    parameters = {
        "tenant_id": tenant_id,
        "after_time": after and after.inserted_at,
        "after_id": after and after.id,
        "articles": articles,
        "bytes": _BYTES_PER_READ,
        "characters": HEAD_CHARACTERS,
    }
    cursor = connection.cursor(row_factory=class_row(PendingArticle))
    return cursor.execute(statement(__package__, "read_pending"), parameters).fetchall()


def read_body(connection: TenantConnection, tenant_id: UUID, article_id: UUID) -> str | None:
    """Return the whole body of an article; None if it was deleted."""
    parameters = {"tenant_id": tenant_id, "article_id": article_id}
    row = connection.execute(statement(__package__, "read_body"), parameters).fetchone()
    return str(row[0]) if row else None


def write_states(
    connection: TenantConnection,
    tenant_id: UUID,
    articles: Mapping[PendingArticle, int],
    state: ArticleState,
) -> None:
    """Store the state of articles, each with the attempts it has used; touch no vector."""
    connection.execute(
        statement(__package__, "write_states"),
        {
            **_identities(list(articles), state.space),
            "tenant_id": tenant_id,
            "attempts": list(articles.values()),
            "failure": state.failure,
            "delay": state.delay,
            "key_version": state.key_version,
        },
    )


def set_aside_pending(connection: TenantConnection, tenant_id: UUID, state: ArticleState) -> int:
    """Set aside all pending articles of the tenant, unread; return how many there are."""
    parameters = {
        "tenant_id": tenant_id,
        "model": state.space.model,
        "dimension": state.space.dimension,
        "failure": state.failure,
        "key_version": state.key_version,
    }
    return connection.execute(statement(__package__, "set_aside_pending"), parameters).rowcount


def block_tenant(connection: TenantConnection, tenant_id: UUID, key_version: bytes | None) -> None:
    """Pause a tenant without a key, and audit that."""
    pause_tenant(connection, tenant_id, Operation.EMBEDDING, pause_without_key(), key_version)
    audit_missing_key(connection, tenant_id, Operation.EMBEDDING)


def forget_failures(connection: TenantConnection, tenant_id: UUID) -> int:
    """Make articles that wait or were set aside pending again; return how many there are."""
    parameters = {"tenant_id": tenant_id}
    return connection.execute(statement(__package__, "forget_failures"), parameters).rowcount


def forget_deleted(connection: TenantConnection, tenant_id: UUID) -> None:
    """Remove the state of deleted articles, and unwritten vectors that are no longer needed."""
    for name in ("forget_deleted", "forget_vectors"):
        connection.execute(statement(__package__, name), {"tenant_id": tenant_id})


def read_status(connection: TenantConnection, tenant_id: UUID) -> EmbeddingStatus:
    """Return the tenant's published articles, counted by the state of their embedding."""
    cursor = connection.cursor(row_factory=class_row(EmbeddingStatus))
    rows = cursor.execute(statement(__package__, "embedding_status"), {"tenant_id": tenant_id})
    return rows.fetchone() or EmbeddingStatus()


def _identities(articles: Sequence[PendingArticle], space: VectorSpace) -> dict[str, object]:
    return {
        "article_ids": [article.id for article in articles],
        "row_versions": [article.row_version for article in articles],
        "content_hashes": [article.hash_in(space) for article in articles],
        "model": space.model,
        "dimension": space.dimension,
    }
