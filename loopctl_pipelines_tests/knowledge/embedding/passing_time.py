"""Lets the time pass that a row says has to pass, instead of waiting for it."""

from psycopg import sql

from loopctl_pipelines.database.connection import Database

_NOW = "UPDATE loopctl_pipelines.{} SET {} = now() WHERE {} IS NOT NULL"


def let_pass(database: Database, table: str, column: str) -> None:
    """Let the time in this column be now, in all rows of one of our own tables."""
    until = sql.Identifier(column)
    statement = sql.SQL(_NOW).format(sql.Identifier(table), until, until)
    with database.operator_transaction() as connection:
        connection.execute(statement)


def cooldown(database: Database) -> None:
    """Let the cooldown of every open circuit be over."""
    let_pass(database, "circuit_breakers", "open_until")


def probe_lease(database: Database) -> None:
    """Let the lease of every probe under way be over."""
    let_pass(database, "circuit_breakers", "probe_until")


def claim_lease(database: Database) -> None:
    """Let the claim of every run on its tenant be over."""
    let_pass(database, "embedding_tenants", "held_until")
