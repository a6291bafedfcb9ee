"""Resolves an anomaly for a person; the API and the command line share it."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from psycopg.rows import class_row

from loopctl_pipelines.actor import Actor
from loopctl_pipelines.costs.tenant_work.transactions import begin_writing_costs
from loopctl_pipelines.database.connection import TenantConnection
from loopctl_pipelines.database.statements import statement


@dataclass(frozen=True, slots=True)
class Resolution:
    """A resolved anomaly.

    Attributes:
        id: of the anomaly.
        updated_at: naive UTC time of the resolution.
        newly: resolved by this call; otherwise nothing was written.
    """

    id: UUID
    updated_at: datetime
    newly: bool


def resolve_anomaly(
    connection: TenantConnection, tenant_id: UUID, anomaly_id: UUID, actor: Actor
) -> Resolution | None:
    """Resolve an anomaly and audit it in the same transaction; repeating it changes nothing.

    Waits for a running detection of the same tenant, which would otherwise reopen the anomaly.

    Args:
        connection: a transaction of the tenant.
        tenant_id: the tenant.
        anomaly_id: the anomaly.
        actor: who resolves it.

    Returns:
        None if the tenant has no such anomaly.

    Raises:
        psycopg.Error: the transaction is then to be rolled back.
    """
    parameters = {
        "tenant_id": tenant_id,
        "anomaly_id": anomaly_id,
        "actor_type": actor.actor_type,
        "actor_id": actor.actor_id,
        "actor_label": actor.actor_label,
    }
    begin_writing_costs(connection, tenant_id)
    cursor = connection.cursor(row_factory=class_row(Resolution))
    for name in ("resolve_anomaly", "read_resolved_anomaly"):
        if found := cursor.execute(statement(__package__, name), parameters).fetchone():
            return found
    return None
