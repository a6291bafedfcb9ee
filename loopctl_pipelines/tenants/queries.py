"""The cross-tenant reads: who is a tenant, and how much there is to do. Ids and counts only."""

from collections.abc import Collection
from datetime import date, timedelta
from uuid import UUID

from psycopg.rows import class_row

from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.database.statements import statement
from loopctl_pipelines.tenants.tenant import Tenant


def list_tenants(database: Database) -> dict[str, Tenant]:
    """Return all tenants, active or not, by slug in the order of the slugs."""
    with database.operator_transaction() as connection:
        cursor = connection.cursor(row_factory=class_row(Tenant))
        tenants = cursor.execute(statement(__package__, "list_tenants")).fetchall()
    return {tenant.slug: tenant for tenant in tenants}


def count_reports(
    database: Database, tenant_ids: Collection[UUID], first: date, last: date
) -> dict[UUID, int]:
    """Return the number of reports, deleted ones included, in the UTC days [first, last]."""
    with database.operator_transaction() as connection:
        rows = connection.execute(
            statement(__package__, "count_reports"),
            {"tenant_ids": list(tenant_ids), "first": first, "end": last + timedelta(days=1)},
        ).fetchall()
    return dict(rows)


def tenant_of_anomaly(database: Database, anomaly_id: UUID) -> UUID | None:
    """Return the id of the tenant that an anomaly belongs to; None if there is no such anomaly."""
    with database.operator_transaction() as connection:
        asked = {"anomaly_id": anomaly_id}
        row = connection.execute(statement(__package__, "tenant_of_anomaly"), asked).fetchone()
    return row[0] if row else None
