"""How a transaction on one tenant's costs begins: planner settings, and the lock of writers."""

from uuid import UUID

from loopctl_pipelines.database.connection import TenantConnection
from loopctl_pipelines.database.statements import statement


def begin_writing_costs(connection: TenantConnection, tenant_id: UUID) -> None:
    """Take the lock that every writer of the tenant's costs takes, and set the planner.

    Raises:
        psycopg.Error: the transaction is then to be rolled back.
    """
    _begin(connection, tenant_id, is_writing=True)


def begin_reading_costs(connection: TenantConnection, tenant_id: UUID) -> None:
    """Set the planner for statements that compare the tenant's costs without writing any.

    Raises:
        psycopg.Error: the transaction is then to be rolled back.
    """
    _begin(connection, tenant_id, is_writing=False)


def _begin(connection: TenantConnection, tenant_id: UUID, *, is_writing: bool) -> None:
    parameters = {"tenant_id": tenant_id, "is_writing": is_writing}
    connection.execute(statement(__package__, "begin_costs"), parameters, prepare=True)
