"""Queues an event for each webhook that wants it, with the job that makes loopctl deliver it."""

from collections.abc import Mapping
from typing import Final
from uuid import UUID, uuid4

from psycopg.types.json import Jsonb

from loopctl_pipelines.database.connection import TenantConnection
from loopctl_pipelines.database.statements import statement
from loopctl_pipelines.database.table_use import TableUse

OUTBOX_TABLES: Final = TableUse(read=("webhooks",), appended=("webhook_events", "oban_jobs"))


def queue_event(
    connection: TenantConnection,
    tenant_id: UUID,
    event_type: str,
    project_id: UUID | None,
    payload: Mapping[str, object],
) -> int:
    """Queue an event for the tenant's webhooks; return for how many.

    loopctl's own delivery follows in its queue `webhooks`; `oban_jobs` has no row-level security,
    so this is its only writer here.

    Args:
        connection: the transaction of what the event reports.
        tenant_id: the tenant.
        event_type: such as `article.created`.
        project_id: where it happened; a webhook of another project does not want it.
        payload: the event as receivers see it: JSON values.

    Raises:
        psycopg.Error: if a statement fails; the transaction must then be rolled back.
    """
    event = {
        "tenant_id": tenant_id,
        "event_type": event_type,
        "project_id": project_id,
        "payload": Jsonb(dict(payload)),
    }
    webhooks = connection.execute(statement(__package__, "matching_webhooks"), event).fetchall()
    if not webhooks:
        return 0
    new = {
        **event,
        "ids": [uuid4() for _ in webhooks],
        "webhook_ids": [webhook_id for (webhook_id,) in webhooks],
    }
    for name in ("add_events", "add_deliveries"):
        connection.execute(statement(__package__, name), new)
    return len(webhooks)
