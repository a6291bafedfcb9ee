"""The statements of the embeddings domain. Each runs in a transaction of its one tenant.

All raise psycopg.Error if the statement fails; the transaction is then to be rolled back.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Final
from uuid import UUID

from pgvector.psycopg.vector import register_vector_info
from psycopg.rows import class_row
from psycopg.types import TypeInfo

from loopctl_pipelines.database.connection import TenantConnection
from loopctl_pipelines.database.statements import statement
from loopctl_pipelines.knowledge.embedding.storage.rows import (
    EmbeddingSettings,
    LookedAt,
    Pause,
    Standing,
    Vector,
    Written,
)
from loopctl_pipelines.knowledge.embedding.texts.articles import (
    HEAD_CHARACTERS,
    PendingArticle,
    VectorSpace,
)

ARTICLES_PER_PAGE: Final = 2_048
_BYTES_PER_PAGE = 16 * 2**20


def read_settings(connection: TenantConnection, tenant_id: UUID) -> EmbeddingSettings:
    """Return the tenant's settings, empty where it never had any."""
    cursor = connection.cursor(row_factory=class_row(EmbeddingSettings))
    row = cursor.execute(statement(__package__, "read_settings"), {"tenant_id": tenant_id})
    return row.fetchone() or EmbeddingSettings()


def claim_tenant(
    connection: TenantConnection, tenant_id: UUID, holder: UUID, lease: timedelta
) -> bool:
    """Claim the tenant's articles for a run, or renew its lease; False: another run has them."""
    claim = {"tenant_id": tenant_id, "holder": holder, "lease": lease}
    return connection.execute(statement(__package__, "claim_tenant"), claim).fetchone() is not None


def release_tenant(connection: TenantConnection, tenant_id: UUID, holder: UUID) -> None:
    """Give the tenant's articles free for other runs."""
    claim = {"tenant_id": tenant_id, "holder": holder}
    connection.execute(statement(__package__, "release_tenant"), claim)


def count_pending(connection: TenantConnection, tenant_id: UUID) -> int:
    """Return how many articles have to be looked at."""
    rows = connection.execute(statement(__package__, "count_pending"), {"tenant_id": tenant_id})
    return int(rows.fetchall()[0][0])


def read_pending(
    connection: TenantConnection,
    tenant_id: UUID,
    after: PendingArticle | None,
    articles: int = ARTICLES_PER_PAGE,
) -> list[PendingArticle]:
    """Return the next pending articles behind `after`, in the order of their insertion."""
    asked = {
        "tenant_id": tenant_id,
        "after_time": after and after.inserted_at,
        "after_id": after and after.id,
        "articles": articles,
        "bytes": _BYTES_PER_PAGE,
        "characters": HEAD_CHARACTERS,
    }
    cursor = connection.cursor(row_factory=class_row(PendingArticle))
    return cursor.execute(statement(__package__, "read_pending"), asked).fetchall()


def read_body(connection: TenantConnection, tenant_id: UUID, article_id: UUID) -> str | None:
    """Return the whole body of an article; None if it is gone."""
    asked = {"tenant_id": tenant_id, "article_id": article_id}
    row = connection.execute(statement(__package__, "read_body"), asked).fetchone()
    return str(row[0]) if row else None


def write_states(
    connection: TenantConnection,
    tenant_id: UUID,
    articles: Mapping[PendingArticle, int],
    noted: LookedAt,
) -> None:
    """Note what became of articles, each with the attempts it has used; no vector is touched."""
    connection.execute(
        statement(__package__, "write_states"),
        {
            **_identities(list(articles), noted.space),
            "tenant_id": tenant_id,
            "attempts": list(articles.values()),
            "failure": noted.failure,
            "delay": noted.delay,
            "key_version": noted.key_version,
        },
    )


def set_aside_pending(connection: TenantConnection, tenant_id: UUID, noted: LookedAt) -> int:
    """Set aside all that is pending of the tenant, unread, and return how many articles it is."""
    refused = {
        "tenant_id": tenant_id,
        "model": noted.space.model,
        "dimension": noted.space.dimension,
        "failure": noted.failure,
        "key_version": noted.key_version,
    }
    return connection.execute(statement(__package__, "set_aside_pending"), refused).rowcount


def write_vectors(
    connection: TenantConnection,
    tenant_id: UUID,
    articles: Sequence[PendingArticle],
    vectors: Mapping[str, Vector],
    space: VectorSpace,
) -> Written:
    """Write vector, hash, model and dimension of articles whose text is still the same.

    Args:
        connection: a transaction of the tenant.
        tenant_id: the tenant.
        articles: as they were read.
        vectors: by content hash; articles without one take that of an embedded article of equal
            text, if the tenant has one, or one that was kept.
        space: the tenant's model and dimension.

    Returns:
        The articles written, and those that are locked. The others were edited or unpublished
        meanwhile, or have no vector.
    """
    _know_vectors(connection)
    rows = connection.execute(
        statement(__package__, "write_vectors"),
        {
            **_identities(articles, space),
            "tenant_id": tenant_id,
            "fingerprints": [article.fingerprint for article in articles],
            "vector_hashes": list(vectors),
            "vectors": list(vectors.values()),
            "characters": HEAD_CHARACTERS,
        },
    ).fetchall()
    return Written(
        frozenset(article for article, is_written in rows if is_written),
        frozenset(article for article, is_written in rows if not is_written),
    )


def keep_vectors(
    connection: TenantConnection, tenant_id: UUID, vectors: Mapping[str, Vector]
) -> None:
    """Keep vectors by content hash, for `write_vectors` to find them."""
    _know_vectors(connection)
    kept = {
        "tenant_id": tenant_id,
        "vector_hashes": list(vectors),
        "vectors": list(vectors.values()),
    }
    connection.execute(statement(__package__, "keep_vectors"), kept)


def pause_tenant(
    connection: TenantConnection, tenant_id: UUID, pause: Pause, key_version: bytes | None
) -> None:
    """Leave the tenant alone for a while, or until its key changes."""
    paused = {
        "tenant_id": tenant_id,
        "failure": pause.failure,
        "delay": pause.delay,
        "consecutive": pause.consecutive,
        "key_version": key_version,
    }
    connection.execute(statement(__package__, "pause_tenant"), paused)


def end_pauses(connection: TenantConnection, tenant_id: UUID) -> None:
    """End the pauses: the provider has accepted a request, so that its next is the first."""
    connection.execute(statement(__package__, "end_pauses"), {"tenant_id": tenant_id})


def audit_missing_key(connection: TenantConnection, tenant_id: UUID) -> bool:
    """Write `llm.blocked_no_api_key` unless there is one today; say whether it was written."""
    missing = {"tenant_id": tenant_id}
    return connection.execute(statement(__package__, "audit_missing_key"), missing).rowcount == 1


def forget_failures(connection: TenantConnection, tenant_id: UUID) -> int:
    """Have articles that wait or were set aside be pending again; return how many they are."""
    forgotten = {"tenant_id": tenant_id}
    return connection.execute(statement(__package__, "forget_failures"), forgotten).rowcount


def forget_deleted(connection: TenantConnection, tenant_id: UUID) -> None:
    """Remove what is known of articles that no longer exist, and vectors that are written."""
    for name in ("forget_deleted", "forget_vectors"):
        connection.execute(statement(__package__, name), {"tenant_id": tenant_id})


def read_standing(connection: TenantConnection, tenant_id: UUID) -> Standing:
    """Return how the tenant's published articles stand."""
    cursor = connection.cursor(row_factory=class_row(Standing))
    rows = cursor.execute(statement(__package__, "tenant_standing"), {"tenant_id": tenant_id})
    return rows.fetchone() or Standing()


def _know_vectors(connection: TenantConnection) -> None:
    register_vector_info(connection, TypeInfo.fetch(connection, "vector"))


def _identities(articles: Sequence[PendingArticle], space: VectorSpace) -> dict[str, object]:
    return {
        "article_ids": [article.id for article in articles],
        "row_versions": [article.row_version for article in articles],
        "content_hashes": [article.hash_in(space) for article in articles],
        "model": space.model,
        "dimension": space.dimension,
    }
