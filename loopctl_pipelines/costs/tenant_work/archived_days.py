"""Which days are archived: retention has taken reports of theirs, so their costs are final."""

from datetime import date
from uuid import UUID

from loopctl_pipelines.database.connection import TenantConnection
from loopctl_pipelines.database.statements import statement


def archived_before(connection: TenantConnection, tenant_id: UUID) -> date | None:
    """Return the tenant's first UTC day that is not archived; None if no day of it is.

    Whoever writes costs asks within the transaction, behind `begin_costs`: the day moves on under
    the same lock.
    """
    asked = {"tenant_id": tenant_id}
    query = statement(__package__, "archived_before")
    row = connection.execute(query, asked, prepare=True).fetchone()
    return row[0] if row else None
