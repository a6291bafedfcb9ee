"""Audits a change of an article and queues its webhook events, in the change's transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from uuid import UUID

from psycopg.types.json import Jsonb

from loopctl_pipelines.actor import Actor
from loopctl_pipelines.database.connection import TenantConnection
from loopctl_pipelines.database.statements import statement
from loopctl_pipelines.webhooks.outbox import Event, queue_events


@dataclass(frozen=True, slots=True)
class ArticleFacts:
    """What receivers of an event learn about an article."""

    id: UUID
    title: str
    category: str
    project_id: UUID | None
    status: str
    tags: Sequence[str]

    @property
    def payload(self) -> dict[str, object]:
        """The facts as JSON values."""
        return {
            "id": str(self.id),
            "title": self.title,
            "category": self.category,
            "project_id": None if self.project_id is None else str(self.project_id),
            "status": self.status,
            "tags": list(self.tags),
        }


def announce(  # noqa: PLR0913 - what an audit row says
    connection: TenantConnection,
    tenant_id: UUID,
    action: str,
    article: ArticleFacts,
    actor: Actor,
    *,
    old: Mapping[str, object] | None = None,
    new: Mapping[str, object],
    changed_fields: Sequence[str] = (),
) -> None:
    """Add an audit row, and an event for each webhook that wants it.

    Args:
        connection: the transaction of the change.
        tenant_id: the tenant.
        action: audit action and type of the event, such as `article.created`.
        article: the article after the change.
        actor: who changed it.
        old: what was changed, before; None for a new article.
        new: what was changed, afterwards.
        changed_fields: names that an update tells its receivers.

    Raises:
        psycopg.Error: if a statement fails; the transaction must then be rolled back.
    """
    row = {
        "tenant_id": tenant_id,
        "project_id": article.project_id,
        "article_id": article.id,
        "action": action,
        "actor_type": actor.actor_type,
        "actor_id": actor.actor_id,
        "actor_label": actor.actor_label,
        "old_state": None if old is None else Jsonb(_audited(old)),
        "new_state": Jsonb(_audited(new)),
    }
    connection.execute(statement(__package__, "audit_article"), row)
    payload = article.payload
    if changed_fields:
        payload["changed_fields"] = list(changed_fields)
    queue_events(connection, tenant_id, [Event(action, article.project_id, payload)])


def _audited(state: Mapping[str, object]) -> dict[str, object]:
    """Return the state with the body's hash and size instead of the body.

    Audit rows are kept for ever: with both bodies of an edit, one would have up to 1 MB.
    """
    shown = {
        name: str(value) if isinstance(value, UUID) else value for name, value in state.items()
    }
    if isinstance(body := shown.pop("body", None), str):
        encoded = body.encode()
        shown["body_sha256"], shown["body_bytes"] = sha256(encoded).hexdigest(), len(encoded)
    return shown
