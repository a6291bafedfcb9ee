"""What embedding asks of all tenants at once: ids, counts and times only."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from psycopg.rows import class_row

from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.database.statements import statement


@dataclass(frozen=True, slots=True)
class PendingEmbeddings:
    """How much there is to embed for a tenant.

    Attributes:
        tenant_id: the tenant.
        articles: how many of its articles have to be looked at.
        paused_until: until when it is left alone, with its zone; None: it is not.
        is_held: a run works on its articles.
    """

    tenant_id: UUID
    articles: int
    paused_until: datetime | None = None
    is_held: bool = False


def pending_embeddings(database: Database) -> list[PendingEmbeddings]:
    """Return the active tenants that have articles to look at."""
    with database.operator_transaction() as connection:
        cursor = connection.cursor(row_factory=class_row(PendingEmbeddings))
        return cursor.execute(statement(__package__, "pending_embeddings")).fetchall()


def next_embedding_attempt(database: Database) -> datetime | None:
    """Return when the next of the articles that wait comes due; None: none is to."""
    with database.operator_transaction() as connection:
        row = connection.execute(statement(__package__, "next_embedding_attempt")).fetchone()
    return row[0] if row else None


def begin_embedding(database: Database, run_id: str, left_out: Collection[UUID]) -> None:
    """Note that a run begins its work, and is done with the tenants that it leaves out."""
    with database.operator_transaction() as connection:
        connection.execute(statement(__package__, "begin_embedding"), {"run_id": run_id})
        done = {"run_id": run_id, "tenant_ids": list(left_out)}
        connection.execute(statement(__package__, "finish_embedding"), done)


def finish_embedding(database: Database, run_id: str, tenant_id: UUID) -> None:
    """Note that a run is done with the articles of a tenant, though perhaps not with others'."""
    with database.operator_transaction() as connection:
        done = {"run_id": run_id, "tenant_ids": [tenant_id]}
        connection.execute(statement(__package__, "finish_embedding"), done)


def finished_embeddings(database: Database, run_ids: Collection[str]) -> set[tuple[str, UUID]]:
    """Return (run id, tenant id) where a run is done with a tenant; forget that of other runs.

    Args:
        database: loopctl's database.
        run_ids: the runs that have not ended.
    """
    asked = {"run_ids": list(run_ids)}
    with database.operator_transaction() as connection:
        connection.execute(statement(__package__, "forget_ended_runs"), asked)
        rows = connection.execute(statement(__package__, "finished_embeddings"), asked)
        return set(rows.fetchall())


def forget_deleted_tenants(database: Database) -> None:
    """Remove what this project knows of the articles of tenants that no longer exist."""
    with database.operator_transaction() as connection:
        connection.execute(statement(__package__, "forget_deleted_tenants"))


def articles_version(database: Database) -> str | None:
    """Return what stays the same as long as no article, key or model changes; None: not known.

    PostgreSQL publishes its counters after the commit, by up to a minute: what was committed before
    a look at the articles and is counted after it shows as a change.
    """
    with database.operator_transaction() as connection:
        row = connection.execute(statement(__package__, "articles_version")).fetchone()
    return row[0] if row else None
