"""Embedding's queries across tenants. They return ids, counts and times only."""

from datetime import datetime

from psycopg.rows import class_row

from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.database.statements import statement
from loopctl_pipelines.knowledge.tenant_work.operator_queries import changes_version
from loopctl_pipelines.knowledge.tenant_work.sensor_cursor import PendingTenant


def pending_embeddings(database: Database) -> list[PendingTenant]:
    """Return the active tenants that have pending articles."""
    with database.operator_transaction() as connection:
        cursor = connection.cursor(row_factory=class_row(PendingTenant))
        return cursor.execute(statement(__package__, "pending_embeddings")).fetchall()


def next_embedding_attempt(database: Database) -> datetime | None:
    """Return when the next waiting article is due; None: no article waits."""
    with database.operator_transaction() as connection:
        row = connection.execute(statement(__package__, "next_embedding_attempt")).fetchone()
    return row[0] if row else None


def forget_deleted_tenants(database: Database) -> None:
    """Remove our own rows about the articles of tenants that no longer exist."""
    with database.operator_transaction() as connection:
        connection.execute(statement(__package__, "forget_deleted_tenants"))


def forget_other_endpoints(database: Database, endpoint: bytes) -> None:
    """Make pending again what another endpoint refused or asked to wait.

    Args:
        database: loopctl's database.
        endpoint: the current one, see `EmbeddingProvider.endpoint`.
    """
    with database.operator_transaction() as connection:
        parameters = {"endpoint": endpoint}
        connection.execute(statement(__package__, "forget_other_endpoints"), parameters)


def articles_version(database: Database) -> str | None:
    """Return a value that is constant while no article, key or model changes; None: unknown."""
    return changes_version(database, ("articles", "tenant_llm_settings", "tenants"))
