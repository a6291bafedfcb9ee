"""The query for all tenants: it returns ids, slugs, names and status only."""

from psycopg.rows import class_row

from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.database.statements import statement
from loopctl_pipelines.tenants.tenant import Tenant


def list_tenants(database: Database) -> dict[str, Tenant]:
    """Return all tenants, active or not, by slug and sorted by slug."""
    with database.operator_transaction() as connection:
        cursor = connection.cursor(row_factory=class_row(Tenant))
        tenants = cursor.execute(statement(__package__, "list_tenants")).fetchall()
    return {tenant.slug: tenant for tenant in tenants}
