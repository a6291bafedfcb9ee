"""Embedding's queries across tenants. They return ids, counts and times only."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from psycopg.rows import class_row

from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.database.statements import statement


@dataclass(frozen=True, slots=True)
class PendingEmbeddings:
    """A tenant with pending articles.

    Attributes:
        tenant_id: the tenant.
        articles: how many are pending.
        paused_until: end of its pause, with a time zone; None: it is not paused.
        is_held: a run holds the claim on its articles.
    """

    tenant_id: UUID
    articles: int
    paused_until: datetime | None = None
    is_held: bool = False


def pending_embeddings(database: Database) -> list[PendingEmbeddings]:
    """Return the active tenants that have pending articles."""
    with database.operator_transaction() as connection:
        cursor = connection.cursor(row_factory=class_row(PendingEmbeddings))
        return cursor.execute(statement(__package__, "pending_embeddings")).fetchall()


def next_embedding_attempt(database: Database) -> datetime | None:
    """Return when the next waiting article is due; None: no article waits."""
    with database.operator_transaction() as connection:
        row = connection.execute(statement(__package__, "next_embedding_attempt")).fetchone()
    return row[0] if row else None


def begin_embedding(database: Database, run_id: str, skipped: Collection[UUID]) -> None:
    """Record that a run begins, and has finished the tenants that it skips."""
    with database.operator_transaction() as connection:
        connection.execute(statement(__package__, "begin_embedding"), {"run_id": run_id})
        finished = {"run_id": run_id, "tenant_ids": list(skipped)}
        connection.execute(statement(__package__, "finish_embedding"), finished)


def finish_embedding(database: Database, run_id: str, tenant_id: UUID) -> None:
    """Record that a run has finished a tenant, although perhaps not all of its tenants."""
    with database.operator_transaction() as connection:
        finished = {"run_id": run_id, "tenant_ids": [tenant_id]}
        connection.execute(statement(__package__, "finish_embedding"), finished)


def finished_embeddings(database: Database, run_ids: Collection[str]) -> set[tuple[str, UUID]]:
    """Return (run id, tenant id) of finished tenants; forget the records of all other runs.

    Args:
        database: loopctl's database.
        run_ids: the runs that have not ended.
    """
    parameters = {"run_ids": list(run_ids)}
    with database.operator_transaction() as connection:
        connection.execute(statement(__package__, "forget_ended_runs"), parameters)
        rows = connection.execute(statement(__package__, "finished_embeddings"), parameters)
        return set(rows.fetchall())


def forget_deleted_tenants(database: Database) -> None:
    """Remove our own rows about the articles of tenants that no longer exist."""
    with database.operator_transaction() as connection:
        connection.execute(statement(__package__, "forget_deleted_tenants"))


def articles_version(database: Database) -> str | None:
    """Return a value that is constant while no article, key or model changes; None: unknown.

    PostgreSQL publishes its counters up to a minute after the commit. A change that was committed
    before the articles were read, but counted afterwards, shows as a further change.
    """
    with database.operator_transaction() as connection:
        row = connection.execute(statement(__package__, "articles_version")).fetchone()
    return row[0] if row else None
