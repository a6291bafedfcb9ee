"""The gate's query across tenants."""

from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.database.statements import statement


def forget_deleted_tenants(database: Database) -> None:
    """Remove the unchecked proposals of tenants that no longer exist."""
    with database.operator_transaction() as connection:
        connection.execute(statement(__package__, "forget_deleted_tenants"))
