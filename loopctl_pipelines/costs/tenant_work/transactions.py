"""How a transaction on one tenant's costs begins: planner settings, and the lock of writers."""

from uuid import UUID

from loopctl_pipelines.database.connection import TenantConnection
from loopctl_pipelines.database.statements import statement


def begin_writing_costs(connection: TenantConnection, tenant_id: UUID) -> None:
    """Take the tenant's lock, which every writer of its costs takes, and set the planner.

    Raises:
        psycopg.Error: the transaction is then to be rolled back.
    """
    connection.execute(statement(__package__, "begin_costs"), {"tenant_id": tenant_id})


def begin_reading_costs(connection: TenantConnection) -> None:
    """Set the planner for statements that compare costs without writing any.

    Raises:
        psycopg.Error: the transaction is then to be rolled back.
    """
    connection.execute(statement(__package__, "begin_reading_costs"))
