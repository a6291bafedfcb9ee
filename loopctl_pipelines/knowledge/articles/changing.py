"""Changes an article under a lock: fields, or its state."""

from dataclasses import dataclass, fields, replace
from typing import Final
from uuid import UUID

from psycopg import errors
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from loopctl_pipelines.actor import Actor
from loopctl_pipelines.database.connection import TenantConnection
from loopctl_pipelines.database.statements import statement
from loopctl_pipelines.knowledge.articles.article_fields import ArticleChanges
from loopctl_pipelines.knowledge.articles.errors import (
    ProjectUnknownError,
    TitleTakenError,
    TransitionRefusedError,
    VersionChangedError,
)
from loopctl_pipelines.knowledge.articles.events import ArticleFacts, announce
from loopctl_pipelines.knowledge.articles.projects import project_exists
from loopctl_pipelines.knowledge.articles.transitions import ArticleStatus, event_of, may_follow

_UPDATED: Final = "article.updated"


@dataclass(frozen=True, slots=True)
class StoredArticle:
    """The fields of an article that can be changed, as they are stored.

    Attributes:
        version: see `ShownArticle.version`.
    """

    id: UUID
    title: str
    body: str
    category: str
    status: str
    tags: list[str]
    metadata: dict[str, object]
    project_id: UUID | None
    version: str

    @property
    def facts(self) -> ArticleFacts:
        """What receivers of an event learn."""
        return ArticleFacts(
            self.id, self.title, self.category, self.project_id, self.status, self.tags
        )


def lock_article(
    connection: TenantConnection, tenant_id: UUID, article_id: UUID
) -> StoredArticle | None:
    """Return an article, locked until the transaction ends; None: the tenant has none with this id.

    Raises:
        psycopg.Error: if the statement fails; the transaction must then be rolled back.
    """
    cursor = connection.cursor(row_factory=class_row(StoredArticle))
    parameters = {"tenant_id": tenant_id, "article_id": article_id}
    return cursor.execute(statement(__package__, "lock_article"), parameters).fetchone()


def change_article(  # noqa: PLR0913 - a change, and who makes it
    connection: TenantConnection,
    tenant_id: UUID,
    before: StoredArticle,
    changes: ArticleChanges,
    actor: Actor,
    *,
    version: str | None = None,
) -> None:
    """Change the given fields; what equals the stored value changes nothing.

    Args:
        connection: the transaction that locked the article.
        tenant_id: the tenant.
        before: the locked article.
        changes: the fields; None changes nothing.
        actor: who changes it.
        version: the version that the caller read; None: any.

    Raises:
        VersionChangedError: if the article has another version.
        TransitionRefusedError: if it cannot go to the wanted state.
        ProjectUnknownError: if the tenant has no such project.
        TitleTakenError: if another active article has the title.
        psycopg.Error: if a statement fails. After any error the transaction must be rolled back.
    """
    if version not in {None, before.version}:
        raise VersionChangedError(before.id)
    given = changes.model_dump(exclude_none=True)
    changed = {name: value for name, value in given.items() if getattr(before, name) != value}
    if not changed:
        return
    if "status" in changed and not may_follow(before.status, changed["status"]):
        raise TransitionRefusedError(before.status, changed["status"])
    if "project_id" in changed and not project_exists(connection, tenant_id, changed["project_id"]):
        raise ProjectUnknownError
    after = replace(before, **changed)
    _write(connection, tenant_id, after)
    names = [field.name for field in fields(before) if field.name in changed]
    announce(
        connection,
        tenant_id,
        _UPDATED,
        after.facts,
        actor,
        old={name: getattr(before, name) for name in names},
        new=changed,
        changed_fields=names,
    )


def set_status(  # noqa: PLR0913 - a change, and who makes it
    connection: TenantConnection,
    tenant_id: UUID,
    before: StoredArticle,
    status: ArticleStatus,
    actor: Actor,
    *,
    from_any: bool = False,
    metadata: dict[str, object] | None = None,
) -> None:
    """Publish, unpublish or archive an article; vector and hash stay.

    Args:
        connection: the transaction that locked the article.
        tenant_id: the tenant.
        before: the locked article.
        status: the wanted state.
        actor: who changes it.
        from_any: whatever its state is; an article that is in the wanted one stays as it is.
        metadata: replaces its metadata; None: they stay.

    Raises:
        TransitionRefusedError: if it cannot go to the wanted state.
        TitleTakenError: if another active article has its title.
        psycopg.Error: if a statement fails. After any error the transaction must be rolled back.
    """
    if from_any and before.status == status:
        return
    if not from_any and not may_follow(before.status, status):
        raise TransitionRefusedError(before.status, status)
    after = replace(before, status=status.value, metadata=metadata or before.metadata)
    _write(connection, tenant_id, after)
    announce(
        connection,
        tenant_id,
        event_of(status),
        after.facts,
        actor,
        old={"status": before.status},
        new={"status": after.status},
    )


def _write(connection: TenantConnection, tenant_id: UUID, article: StoredArticle) -> None:
    parameters = {
        "tenant_id": tenant_id,
        "article_id": article.id,
        "title": article.title,
        "body": article.body,
        "category": article.category,
        "status": article.status,
        "tags": article.tags,
        "metadata": Jsonb(article.metadata),
        "project_id": article.project_id,
    }
    try:
        connection.execute(statement(__package__, "update_article"), parameters)
    except errors.UniqueViolation:
        raise TitleTakenError from None
