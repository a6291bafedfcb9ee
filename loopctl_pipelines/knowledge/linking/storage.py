"""Reads and writes of links. Each function takes a transaction of the tenant."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID, uuid4

from psycopg.rows import class_row

from loopctl_pipelines.database.connection import TenantConnection
from loopctl_pipelines.database.statements import statement
from loopctl_pipelines.knowledge.linking.links import (
    POTENTIAL_CONFLICT,
    RELATES_TO,
    LinkChanges,
    Pair,
    Similarity,
    StoredLink,
    pair_of,
)
from loopctl_pipelines.knowledge.search.articles import SIMILARITY_DIGITS, ComparableArticle


@dataclass(frozen=True, slots=True)
class LinkCounts:
    """What was changed.

    Attributes:
        articles: articles linked, or without links from now on.
        added: links added.
        updated: links with another similarity.
        removed: links removed.
    """

    articles: int = 0
    added: int = 0
    updated: int = 0
    removed: int = 0

    def __add__(self, other: "LinkCounts") -> "LinkCounts":
        return LinkCounts(
            self.articles + other.articles,
            self.added + other.added,
            self.updated + other.updated,
            self.removed + other.removed,
        )


def read_changed(
    connection: TenantConnection, tenant_id: UUID, article_ids: Collection[UUID] | None = None
) -> list[ComparableArticle]:
    """Return the articles that are to be linked; of these ids, if any are given."""
    cursor = connection.cursor(row_factory=class_row(ComparableArticle))
    ids = None if article_ids is None else list(article_ids)
    parameters = {"tenant_id": tenant_id, "article_ids": ids}
    return cursor.execute(statement(__package__, "read_changed"), parameters).fetchall()


def read_departed(connection: TenantConnection, tenant_id: UUID) -> list[UUID]:
    """Return the articles that were linked, and are no longer published or have no vector."""
    rows = connection.execute(statement(__package__, "read_departed"), {"tenant_id": tenant_id})
    return [article_id for (article_id,) in rows]


def lock_links(connection: TenantConnection, tenant_id: UUID) -> None:
    """Wait for other writers of the tenant's system links."""
    connection.execute(statement(__package__, "lock_links"), {"tenant_id": tenant_id})


def lock_articles(
    connection: TenantConnection, tenant_id: UUID, article_ids: Iterable[UUID]
) -> set[UUID]:
    """Keep articles from being deleted; return those that are there and published."""
    parameters = _of_articles(tenant_id, article_ids)
    rows = connection.execute(statement(__package__, "lock_articles"), parameters)
    return {article_id for (article_id,) in rows}


def read_links(
    connection: TenantConnection, tenant_id: UUID, article_ids: Iterable[UUID]
) -> list[StoredLink]:
    """Return the links that begin or end at these articles, of the two types."""
    cursor = connection.cursor(row_factory=class_row(StoredLink))
    types = {"types": [RELATES_TO, POTENTIAL_CONFLICT]}
    parameters = _of_articles(tenant_id, article_ids) | types
    return cursor.execute(statement(__package__, "read_links"), parameters).fetchall()


def read_judged(
    connection: TenantConnection, tenant_id: UUID, article_ids: Iterable[UUID]
) -> set[Pair]:
    """Return the pairs of these articles that have a verdict."""
    parameters = _of_articles(tenant_id, article_ids)
    rows = connection.execute(statement(__package__, "read_judged"), parameters)
    return {pair_of(source, target) for source, target in rows}


def compare(
    connection: TenantConnection, tenant_id: UUID, links: Sequence[StoredLink]
) -> dict[Pair, Similarity]:
    """Compare the articles of links; the value is None where they cannot be compared."""
    found = {link.pair: Similarity(link.source, link.target, None) for link in links}
    parameters = {
        "tenant_id": tenant_id,
        "sources": [link.source for link in links],
        "targets": [link.target for link in links],
    }
    rows = connection.execute(statement(__package__, "compare_pairs"), parameters)
    for source, target, similarity in rows:
        value = round(similarity, SIMILARITY_DIGITS)
        found[pair_of(source, target)] = Similarity(source, target, value)
    return found


def write_changes(
    connection: TenantConnection, tenant_id: UUID, changes: LinkChanges
) -> LinkCounts:
    """Delete, update and add links; return how many."""
    removed = updated = added = 0
    if changes.removed:
        parameters = {"tenant_id": tenant_id, "ids": changes.removed}
        removed = connection.execute(statement(__package__, "delete_links"), parameters).rowcount
    if changes.updated:
        parameters = {
            "tenant_id": tenant_id,
            "ids": list(changes.updated),
            "similarities": list(changes.updated.values()),
        }
        updated = connection.execute(statement(__package__, "update_links"), parameters).rowcount
    if changes.added:
        parameters = {
            "tenant_id": tenant_id,
            "ids": [uuid4() for _ in changes.added],
            "sources": [link.source for link in changes.added],
            "targets": [link.target for link in changes.added],
            "types": [link.type for link in changes.added],
            "similarities": [link.similarity for link in changes.added],
        }
        added = connection.execute(statement(__package__, "insert_links"), parameters).rowcount
    return LinkCounts(added=added, updated=updated, removed=removed)


def record_linked(
    connection: TenantConnection, tenant_id: UUID, articles: Sequence[ComparableArticle]
) -> None:
    """Record that articles are linked by these vectors."""
    parameters = {
        "tenant_id": tenant_id,
        "article_ids": [article.id for article in articles],
        "project_ids": [article.project_id for article in articles],
        "content_hashes": [article.content_hash for article in articles],
        "models": [article.model for article in articles],
        "dimensions": [article.dimension for article in articles],
    }
    connection.execute(statement(__package__, "record_linked"), parameters)


def forget_departed(
    connection: TenantConnection, tenant_id: UUID, article_ids: Iterable[UUID]
) -> None:
    """Forget that articles were linked."""
    parameters = _of_articles(tenant_id, article_ids)
    connection.execute(statement(__package__, "forget_departed"), parameters)


def note_changes(connection: TenantConnection, tenant_id: UUID, counts: LinkCounts) -> None:
    """Add the counts to those that the run's audit row will have."""
    parameters = {
        "tenant_id": tenant_id,
        "articles": counts.articles,
        "added": counts.added,
        "updated": counts.updated,
        "removed": counts.removed,
    }
    connection.execute(statement(__package__, "note_changes"), parameters)


def audit_links(connection: TenantConnection, tenant_id: UUID) -> None:
    """Write one audit row about the changes that were noted, if there are any."""
    for name in ("audit_links", "forget_counts"):
        connection.execute(statement(__package__, name), {"tenant_id": tenant_id})


def _of_articles(tenant_id: UUID, article_ids: Iterable[UUID]) -> dict[str, object]:
    return {"tenant_id": tenant_id, "article_ids": list(article_ids)}
