"""The one read across tenants: whose circuit is open. Returns ids only."""

from datetime import datetime, timedelta
from uuid import UUID

from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.database.statements import statement


def tenants_with_open_circuit(
    database: Database, vendor: str, window: timedelta, now: datetime | None = None
) -> set[UUID]:
    """Return the tenants whose circuit at this vendor is open; a half-open one is not.

    Also deletes the vendor's rows that no longer matter: of closed circuits without a failure in
    the window, and of deleted tenants.

    Args:
        database: holds the circuits.
        vendor: name of the vendor.
        window: how long a failure counts.
        now: aware; None: the database's clock.

    Raises:
        DatabaseUnreachableError: if no connection is available.
    """
    with database.operator_transaction() as connection:
        [(time,)] = connection.execute(statement(__package__, "current_time"), {"now": now})
        idle = {"vendor": vendor, "idle_since": time - window}
        connection.execute(statement(__package__, "delete_idle_circuits"), idle)
        rows = connection.execute(
            statement(__package__, "open_circuits"), {"vendor": vendor, "now": time}
        )
        return {tenant_id for (tenant_id,) in rows}
