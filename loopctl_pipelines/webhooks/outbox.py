"""Queues events for the webhooks that want them, with the jobs that make loopctl deliver them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID, uuid4

from psycopg.types.json import Jsonb

from loopctl_pipelines.database.connection import TenantConnection
from loopctl_pipelines.database.statements import statement
from loopctl_pipelines.database.table_use import TableUse

OUTBOX_TABLES: Final = TableUse(read=("webhooks",), appended=("webhook_events", "oban_jobs"))


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to a tenant.

    Attributes:
        event_type: such as `article.created`.
        project_id: where it happened; a webhook of another project does not want it.
        payload: the event as receivers see it: JSON values.
    """

    event_type: str
    project_id: UUID | None
    payload: Mapping[str, object]


def queue_events(connection: TenantConnection, tenant_id: UUID, events: Sequence[Event]) -> int:
    """Queue events for the tenant's webhooks; return how many deliveries that makes.

    loopctl's own delivery follows in its queue `webhooks`; `oban_jobs` has no row-level security,
    so this is its only writer here. A webhook that is switched off afterwards gets nothing: the
    delivery marks its events as failed.

    Args:
        connection: the transaction of what the events report.
        tenant_id: the tenant.
        events: any number; the number of statements does not depend on it.

    Raises:
        psycopg.Error: if a statement fails; the transaction must then be rolled back.
    """
    if not events:
        return 0
    asked = {
        "tenant_id": tenant_id,
        "event_types": [event.event_type for event in events],
        "project_ids": [event.project_id for event in events],
    }
    wanted = connection.execute(statement(__package__, "matching_webhooks"), asked).fetchall()
    if not wanted:
        return 0
    new = {
        "tenant_id": tenant_id,
        "ids": [uuid4() for _ in wanted],
        "webhook_ids": [webhook_id for _, webhook_id in wanted],
        "event_types": [events[place - 1].event_type for place, _ in wanted],
        "payloads": [Jsonb(dict(events[place - 1].payload)) for place, _ in wanted],
    }
    for name in ("add_events", "add_deliveries"):
        connection.execute(statement(__package__, name), new)
    return len(wanted)
