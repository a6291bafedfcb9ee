"""Creates an article, or finds the one that exists already: by its key, or by title and body."""

from dataclasses import dataclass
from enum import Enum
from uuid import UUID, uuid4

from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from loopctl_pipelines.actor import Actor
from loopctl_pipelines.database.connection import TenantConnection
from loopctl_pipelines.database.statements import statement
from loopctl_pipelines.knowledge.articles.article_fields import NewArticle
from loopctl_pipelines.knowledge.articles.events import ArticleFacts, announce
from loopctl_pipelines.knowledge.articles.slugs import slug
from loopctl_pipelines.knowledge.articles.transitions import ArticleStatus
from loopctl_pipelines.knowledge.articles.visibility import Viewer


class Match(Enum):
    """How an existing article equals a proposed one."""

    SAME_KEY = "same_key"
    SAME_TEXT = "same_text"
    SAME_TITLE = "same_title"
    HIDDEN = "hidden"
    """In one of these ways, but the caller does not see it, and learns nothing else about it."""


@dataclass(frozen=True, slots=True)
class ExistingArticle:
    """An article that is in the way of a proposed one.

    Attributes:
        match: how it equals the proposed one.
        id: its id.
        status: its state.
    """

    match: Match
    id: UUID
    status: str


@dataclass(frozen=True, slots=True)
class _Found:
    id: UUID
    status: str
    same_key: bool
    same_text: bool
    visibility: str | None
    owner: str | None


def find_existing(
    connection: TenantConnection, tenant_id: UUID, article: NewArticle, viewer: Viewer
) -> ExistingArticle | None:
    """Return the article with the same key in any state, or else the active one with this title.

    Raises:
        psycopg.Error: if the statement fails.
    """
    parameters = {
        "tenant_id": tenant_id,
        "idempotency_key": article.idempotency_key,
        "title": article.title,
        "body": article.body.strip(),
    }
    cursor = connection.cursor(row_factory=class_row(_Found))
    found = cursor.execute(statement(__package__, "find_existing"), parameters).fetchone()
    if found is None:
        return None
    if not viewer.sees(found.visibility, found.owner):
        match = Match.HIDDEN
    elif found.same_key:
        match = Match.SAME_KEY
    else:
        match = Match.SAME_TEXT if found.same_text else Match.SAME_TITLE
    return ExistingArticle(match, found.id, found.status)


def create(
    connection: TenantConnection,
    tenant_id: UUID,
    article: NewArticle,
    status: ArticleStatus,
    actor: Actor,
) -> UUID | None:
    """Create an article, with its audit row and its webhook events.

    Args:
        connection: a transaction of the tenant.
        tenant_id: the tenant.
        article: a validated article, whose project exists.
        status: draft or published.
        actor: who creates it.

    Returns:
        Its id; None if its key, title or slug is taken.

    Raises:
        psycopg.Error: if a statement fails; the transaction must then be rolled back.
    """
    new_id = uuid4()
    parameters = {
        "tenant_id": tenant_id,
        "id": new_id,
        "project_id": article.project_id,
        "title": article.title,
        "body": article.body,
        "category": article.category,
        "status": status.value,
        "tags": article.tags,
        "source_type": article.source_type,
        "source_id": article.source_id,
        "idempotency_key": article.idempotency_key,
        "metadata": Jsonb(article.metadata),
        "slug": article.slug or slug(article.title, str(new_id)),
    }
    if connection.execute(statement(__package__, "insert_article"), parameters).rowcount == 0:
        return None
    facts = ArticleFacts(
        new_id, article.title, article.category, article.project_id, status.value, article.tags
    )
    announce(connection, tenant_id, "article.created", facts, actor, new=facts.payload)
    return new_id
