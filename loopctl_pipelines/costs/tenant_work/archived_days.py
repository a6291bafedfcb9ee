"""The archived days of a tenant: retention removed their reports, so their costs are final."""

from datetime import date
from uuid import UUID

from loopctl_pipelines.database.connection import TenantConnection
from loopctl_pipelines.database.statements import statement


def archived_before(connection: TenantConnection, tenant_id: UUID) -> date | None:
    """Return the tenant's first UTC day that is not archived; None if no day is archived.

    Writers of costs read it after `begin_writing_costs`: it changes under the same lock.
    """
    parameters = {"tenant_id": tenant_id}
    query = statement(__package__, "archived_before")
    row = connection.execute(query, parameters, prepare=True).fetchone()
    return row[0] if row else None
