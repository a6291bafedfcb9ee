"""Writes changes to a tenant's anomalies, with their audit rows and webhook events."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final
from uuid import UUID

from psycopg.types.json import Jsonb

from loopctl_pipelines.costs.anomalies.anomaly import day_of
from loopctl_pipelines.database.connection import TenantConnection
from loopctl_pipelines.database.statements import statement
from loopctl_pipelines.webhooks.outbox import Event, queue_events

DETECTED: Final = "token.anomaly_detected"
"""The type of the event of a new anomaly."""


def write_anomalies(
    connection: TenantConnection, tenant_id: UUID, rows: Mapping[str, Sequence[Mapping[str, Any]]]
) -> list[tuple[date | None, str]]:
    """Write the changes; audit what opens or ends, and queue an event for what opens.

    All of it is in the caller's transaction, so a new anomaly has exactly one audit row, and one
    event for each webhook that wants it. One that is only updated has none.

    Args:
        connection: a transaction of the tenant that has begun with `begin_writing_costs`.
        tenant_id: the tenant.
        rows: what `Changes.as_rows` returns.

    Returns:
        For each written anomaly its latest day, and opened, updated or resolved.

    Raises:
        psycopg.Error: the transaction is then to be rolled back.
    """
    if not any(rows.values()):
        return []
    given = {name: Jsonb(list(value)) for name, value in rows.items()} | {"tenant_id": tenant_id}
    query = statement(__package__, "write_anomalies")
    done = connection.execute(query, given, prepare=True).fetchall()
    opened = [anomaly_id for anomaly_id, _, change in done if change == "opened"]
    queue_events(connection, tenant_id, _events(connection, tenant_id, opened))
    return [(day_of(text), change) for _, text, change in done]


def _events(connection: TenantConnection, tenant_id: UUID, opened: Sequence[UUID]) -> list[Event]:
    if not opened:
        return []
    parameters = {"tenant_id": tenant_id, "ids": list(opened)}
    query = statement(__package__, "detected_anomalies")
    return [
        Event(DETECTED, project_id, payload)
        for project_id, payload in connection.execute(query, parameters, prepare=True)
    ]
