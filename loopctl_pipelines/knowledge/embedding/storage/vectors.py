"""Writes vectors to articles: lock, update, record and audit, in one transaction.

Several statements, because a sharded PostgreSQL refuses a locking CTE that a modifying part reads.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Final
from uuid import UUID

from pgvector.psycopg.vector import register_vector_info
from psycopg.types import TypeInfo

from loopctl_pipelines.database.connection import TenantConnection
from loopctl_pipelines.database.statements import statement
from loopctl_pipelines.knowledge.embedding.storage.queries import write_states
from loopctl_pipelines.knowledge.embedding.storage.rows import (
    LOCKED,
    ArticleState,
    Vector,
    WriteResult,
)
from loopctl_pipelines.knowledge.embedding.texts.articles import (
    HEAD_CHARACTERS,
    PendingArticle,
    VectorSpace,
)
from loopctl_pipelines.knowledge.embedding.texts.triage import attempts_used
from loopctl_pipelines.knowledge.tenant_work.tenant_session import TenantSession
from loopctl_pipelines.llm.outcomes import delay_seconds

ARTICLES_PER_WRITE: Final = 256
"""Articles per transaction: the vector index takes about a millisecond for each."""


def write_in_parts(
    session: TenantSession,
    articles: Sequence[PendingArticle],
    vectors: Mapping[str, Vector],
    space: VectorSpace,
) -> WriteResult:
    """Write vectors as `write_vectors` does, in several transactions.

    A locked article waits, and its vector is kept for a later run to write.
    """
    result = WriteResult()
    for start in range(0, len(articles), ARTICLES_PER_WRITE):
        part = articles[start : start + ARTICLES_PER_WRITE]
        result |= session.run(_write_part, part, _vectors_of(part, vectors, space), space)
    return result


def write_vectors(
    connection: TenantConnection,
    tenant_id: UUID,
    articles: Sequence[PendingArticle],
    vectors: Mapping[str, Vector],
    space: VectorSpace,
) -> WriteResult:
    """Write vector, hash, model and dimension of articles whose text has not changed.

    Args:
        connection: a transaction of the tenant.
        tenant_id: the tenant.
        articles: as they were read.
        vectors: by content hash. An article without one gets the vector of an embedded article of
            equal text, or an unwritten vector of an earlier run, if the tenant has either.
        space: the tenant's model and dimension.

    Returns:
        The articles written, and those that are locked. The others were edited, unpublished or
        deleted meanwhile, or have no vector.

    Raises:
        psycopg.Error: if a statement fails; the transaction must then be rolled back.
    """
    register_vector_type(connection)
    hashes = {article.hash_in(space) for article in articles}
    available = {**vectors, **_find_vectors(connection, tenant_id, hashes - vectors.keys())}
    candidates = [article for article in articles if article.hash_in(space) in available]
    if not candidates:
        return WriteResult()
    is_written = _read_written(connection, tenant_id, candidates, space)
    to_lock = [article for article in candidates if is_written.get(article.id) is False]
    is_current = _lock(connection, tenant_id, to_lock) if to_lock else {}
    to_write = {a.id: a.hash_in(space) for a in to_lock if is_current.get(a.id)}
    written = _write(connection, tenant_id, to_write, available, space) if to_write else []
    return WriteResult(
        frozenset(written).union(article_id for article_id, done in is_written.items() if done),
        frozenset(article.id for article in to_lock if article.id not in is_current),
    )


def write_new_vector(
    connection: TenantConnection,
    tenant_id: UUID,
    article_id: UUID,
    embedded: tuple[str, Vector],
    space: VectorSpace,
) -> None:
    """Write the vector of an article that this transaction has created.

    Args:
        connection: the transaction.
        tenant_id: the tenant.
        article_id: the article.
        embedded: the content hash of its text, and the vector.
        space: the vector's model and dimension.

    Raises:
        psycopg.Error: if a statement fails; the transaction must then be rolled back.
    """
    register_vector_type(connection)
    content_hash, vector = embedded
    _write(connection, tenant_id, {article_id: content_hash}, {content_hash: vector}, space)


def keep_vectors(
    connection: TenantConnection, tenant_id: UUID, vectors: Mapping[str, Vector]
) -> None:
    """Keep vectors by content hash, for `write_vectors` to find them in a later run."""
    register_vector_type(connection)
    parameters = {"tenant_id": tenant_id, **_vector_arrays(vectors)}
    connection.execute(statement(__package__, "keep_vectors"), parameters)


def _write_part(
    connection: TenantConnection,
    tenant_id: UUID,
    articles: Sequence[PendingArticle],
    vectors: Mapping[str, Vector],
    space: VectorSpace,
) -> WriteResult:
    result = write_vectors(connection, tenant_id, articles, vectors, space)
    locked = [article for article in articles if article.id in result.locked]
    if locked:
        keep_vectors(connection, tenant_id, _vectors_of(locked, vectors, space))
        attempts = {article: attempts_used([article], space) + 1 for article in locked}
        delay = timedelta(seconds=delay_seconds(max(attempts.values())))
        write_states(connection, tenant_id, attempts, ArticleState(space, LOCKED, delay))
    return result


def _find_vectors(
    connection: TenantConnection, tenant_id: UUID, hashes: Iterable[str]
) -> dict[str, Vector]:
    parameters = {"tenant_id": tenant_id, "content_hashes": list(hashes)}
    if not parameters["content_hashes"]:
        return {}
    cursor = connection.cursor(binary=True)
    rows = cursor.execute(statement(__package__, "find_vectors"), parameters)
    return {content_hash: vector.to_numpy() for content_hash, vector in rows}


def _read_written(
    connection: TenantConnection,
    tenant_id: UUID,
    articles: Sequence[PendingArticle],
    space: VectorSpace,
) -> dict[UUID, bool]:
    """Return the articles that exist, and whether an earlier attempt wrote their vectors."""
    parameters = {
        "tenant_id": tenant_id,
        "article_ids": [article.id for article in articles],
        "content_hashes": [article.hash_in(space) for article in articles],
    }
    rows = connection.execute(statement(__package__, "read_written"), parameters)
    return dict(rows.fetchall())


def _lock(
    connection: TenantConnection, tenant_id: UUID, articles: Sequence[PendingArticle]
) -> dict[UUID, bool]:
    """Lock articles; return those that were free, and whether they are still current."""
    parameters = {
        "tenant_id": tenant_id,
        "article_ids": [article.id for article in articles],
        "row_versions": [article.row_version for article in articles],
        "fingerprints": [article.fingerprint for article in articles],
        "characters": HEAD_CHARACTERS,
    }
    rows = connection.execute(statement(__package__, "lock_articles"), parameters)
    return dict(rows.fetchall())


def _write(
    connection: TenantConnection,
    tenant_id: UUID,
    hashes: Mapping[UUID, str],
    vectors: Mapping[str, Vector],
    space: VectorSpace,
) -> list[UUID]:
    """Give locked articles the vectors of their content hashes; record and audit that.

    Returns:
        The articles.
    """
    wanted = {
        "tenant_id": tenant_id,
        "article_ids": list(hashes),
        "content_hashes": list(hashes.values()),
        **_vector_arrays({known: vectors[known] for known in hashes.values()}),
    }
    rows = connection.execute(statement(__package__, "update_articles"), wanted).fetchall()
    written = {
        "tenant_id": tenant_id,
        "article_ids": [article_id for article_id, _, _ in rows],
        "row_versions": [row_version for _, row_version, _ in rows],
        "content_hashes": [content_hash for _, _, content_hash in rows],
        "model": space.model,
        "dimension": space.dimension,
    }
    connection.execute(statement(__package__, "record_embedded"), written)
    connection.execute(statement(__package__, "audit_embedded"), written)
    return [article_id for article_id, _, _ in rows]


def _vectors_of(
    articles: Iterable[PendingArticle], vectors: Mapping[str, Vector], space: VectorSpace
) -> dict[str, Vector]:
    """Return the vectors, by content hash, that belong to these articles."""
    hashes = {article.hash_in(space) for article in articles}
    return {content_hash: vectors[content_hash] for content_hash in hashes & vectors.keys()}


def _vector_arrays(vectors: Mapping[str, Vector]) -> dict[str, object]:
    return {"vector_hashes": list(vectors), "vectors": list(vectors.values())}


def register_vector_type(connection: TenantConnection) -> None:
    """Have the connection send and read vectors in binary."""
    if connection.adapters.types.get("vector") is None:  # once per connection
        register_vector_info(connection, TypeInfo.fetch(connection, "vector"))
