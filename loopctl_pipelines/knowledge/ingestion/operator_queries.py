"""Ingestion's queries across tenants. They return counts only."""

from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.database.statements import statement


def delete_old_content(database: Database, days: int) -> int:
    """Delete the content of requests completed more than `days` days ago; return how many."""
    with database.operator_transaction() as connection:
        return connection.execute(
            statement(__package__, "delete_old_content"), {"days": days}
        ).rowcount


def forget_deleted_tenants(database: Database) -> None:
    """Remove the waiting requests of tenants that no longer exist, with their content."""
    with database.operator_transaction() as connection:
        connection.execute(statement(__package__, "forget_deleted_tenants"))
