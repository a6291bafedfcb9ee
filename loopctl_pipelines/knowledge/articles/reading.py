"""Reads articles as callers see them, as JSON of PostgreSQL's: numbers stay as they are."""

from dataclasses import dataclass
from uuid import UUID

from psycopg.rows import class_row

from loopctl_pipelines.database.connection import TenantConnection
from loopctl_pipelines.database.statements import statement
from loopctl_pipelines.knowledge.articles.visibility import Viewer


@dataclass(frozen=True, slots=True)
class ShownArticle:
    """An article as a JSON object.

    Attributes:
        item: the object.
        version: of its fields: it changes with each change of them, not with a new vector.
    """

    item: str
    version: str


@dataclass(frozen=True, slots=True)
class ArticleFilters:
    """What a list of articles is limited to; None: not by this."""

    project_id: UUID | None = None
    category: str | None = None
    status: str | None = None
    any_tags: list[str] | None = None
    all_tags: list[str] | None = None
    source_type: str | None = None
    source_id: UUID | None = None
    idempotency_key: str | None = None


@dataclass(frozen=True, slots=True)
class ArticleList:
    """A page of articles.

    Attributes:
        total: articles on all pages.
        items: the page's, a JSON array.
        is_cut: the page ends early, because its bodies would be too large together.
    """

    total: int
    items: str
    is_cut: bool


def read_article(
    connection: TenantConnection,
    tenant_id: UUID,
    article_id: UUID,
    viewer: Viewer,
    *,
    with_links: bool = False,
) -> ShownArticle | None:
    """Return an article; None: the tenant has none that the viewer sees.

    Args:
        connection: a transaction of the tenant.
        tenant_id: the tenant.
        article_id: the article.
        viewer: who looks.
        with_links: add the links from and to it, and its open conflicts.

    Raises:
        psycopg.Error: if the statement fails.
    """
    name = "read_linked_article" if with_links else "read_article"
    parameters = {"tenant_id": tenant_id, "article_id": article_id, **viewer.parameters}
    cursor = connection.cursor(row_factory=class_row(ShownArticle))
    return cursor.execute(statement(__package__, name), parameters).fetchone()


def list_articles(  # noqa: PLR0913 - what a page depends on
    connection: TenantConnection,
    tenant_id: UUID,
    filters: ArticleFilters,
    viewer: Viewer,
    *,
    limit: int,
    offset: int,
    most_body_bytes: int | None,
) -> ArticleList:
    """Return a page of articles, the newest first; the id breaks ties.

    Args:
        connection: a transaction of the tenant.
        tenant_id: the tenant.
        filters: which articles.
        viewer: who looks.
        limit: articles on a page.
        offset: articles before the page.
        most_body_bytes: of the bodies of a page, together; None: without bodies.

    Raises:
        psycopg.Error: if the statement fails.
    """
    parameters = {
        "tenant_id": tenant_id,
        "project_id": filters.project_id,
        "category": filters.category,
        "status": filters.status,
        "any_tags": filters.any_tags,
        "all_tags": filters.all_tags,
        "source_type": filters.source_type,
        "source_id": filters.source_id,
        "idempotency_key": filters.idempotency_key,
        **viewer.parameters,
        "limit": limit,
        "offset": offset,
        "most_body_bytes": most_body_bytes,
    }
    cursor = connection.cursor(row_factory=class_row(ArticleList))
    found = cursor.execute(statement(__package__, "list_articles"), parameters).fetchone()
    return found or ArticleList(0, "[]", is_cut=False)
