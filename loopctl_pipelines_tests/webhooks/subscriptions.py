"""Webhooks of tenants, and what is queued for them."""

from typing import Any
from uuid import UUID, uuid4

from psycopg.rows import dict_row

from loopctl_pipelines.database.connection import Database
from loopctl_pipelines_tests.usage import LONG_AGO, id_of


def add_webhook(
    database: Database,
    slug: str,
    *events: str,
    project_id: UUID | None = None,
    active: bool = True,
) -> UUID:
    """Add a webhook of the tenant that wants these events, and return its id."""
    webhook = uuid4()
    with database.operator_transaction() as connection:
        connection.execute(
            "INSERT INTO webhooks (id, tenant_id, url, signing_secret_encrypted, events,"
            " project_id, active, inserted_at, updated_at)"
            " VALUES (%s, %s, 'https://example.org/hook', '', %s, %s, %s, %s, %s)",
            [webhook, id_of(slug), list(events), project_id, active, LONG_AGO, LONG_AGO],
        )
    return webhook


def queued(database: Database) -> list[dict[str, Any]]:
    """Return the queued events, each with its delivery job's columns."""
    query = (
        "SELECT event.id, event.tenant_id, webhook_id, event_type, payload, status,"
        " queue, worker, args, max_attempts, state::text, attempt"
        " FROM webhook_events AS event"
        " FULL JOIN oban_jobs AS job ON job.args ->> 'webhook_event_id' = event.id::text"
        " ORDER BY event_type, webhook_id"
    )
    with database.operator_transaction() as connection:
        return connection.cursor(row_factory=dict_row).execute(query).fetchall()
