"""Ends the waits that are stored in our tables, so that no test has to wait."""

from psycopg import sql

from loopctl_pipelines.database.connection import Database

_NOW = "UPDATE loopctl_pipelines.{} SET {} = now() WHERE {} IS NOT NULL"


def let_pass(database: Database, table: str, column: str) -> None:
    """Set this column to now in all rows of one of our own tables."""
    until = sql.Identifier(column)
    statement = sql.SQL(_NOW).format(sql.Identifier(table), until, until)
    with database.operator_transaction() as connection:
        connection.execute(statement)


def cooldown(database: Database) -> None:
    """End the cooldown of every open circuit."""
    let_pass(database, "circuit_breakers", "open_until")


def probe_lease(database: Database) -> None:
    """End the lease of every probe in flight."""
    let_pass(database, "circuit_breakers", "probe_until")


def claim_lease(database: Database) -> None:
    """End the lease of every claim."""
    let_pass(database, "tenant_operations", "held_until")
