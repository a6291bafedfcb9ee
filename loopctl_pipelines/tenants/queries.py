"""The cross-tenant reads: who is a tenant, and how much there is to do. Ids and counts only."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from psycopg.rows import class_row

from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.database.statements import statement
from loopctl_pipelines.tenants.tenant import Tenant


@dataclass(frozen=True, slots=True)
class PendingEmbeddings:
    """How much there is to embed for a tenant.

    Attributes:
        tenant_id: the tenant.
        articles: how many of its articles have to be looked at.
        paused_until: until when it is left alone, with its zone; None: it is not.
    """

    tenant_id: UUID
    articles: int
    paused_until: datetime | None = None


def list_tenants(database: Database) -> dict[str, Tenant]:
    """Return all tenants, active or not, by slug in the order of the slugs."""
    with database.operator_transaction() as connection:
        cursor = connection.cursor(row_factory=class_row(Tenant))
        tenants = cursor.execute(statement(__package__, "list_tenants")).fetchall()
    return {tenant.slug: tenant for tenant in tenants}


def count_reports(
    database: Database, tenant_ids: Collection[UUID], first: date, last: date
) -> dict[UUID, int]:
    """Return the number of reports, deleted ones included, in the UTC days [first, last]."""
    with database.operator_transaction() as connection:
        rows = connection.execute(
            statement(__package__, "count_reports"),
            {"tenant_ids": list(tenant_ids), "first": first, "end": last + timedelta(days=1)},
        ).fetchall()
    return dict(rows)


def tenant_of_anomaly(database: Database, anomaly_id: UUID) -> UUID | None:
    """Return the id of the tenant that an anomaly belongs to; None if there is no such anomaly."""
    with database.operator_transaction() as connection:
        asked = {"anomaly_id": anomaly_id}
        row = connection.execute(statement(__package__, "tenant_of_anomaly"), asked).fetchone()
    return row[0] if row else None


def pending_embeddings(database: Database) -> list[PendingEmbeddings]:
    """Return the active tenants that have articles to look at."""
    with database.operator_transaction() as connection:
        cursor = connection.cursor(row_factory=class_row(PendingEmbeddings))
        return cursor.execute(statement(__package__, "pending_embeddings")).fetchall()


def next_embedding_attempt(database: Database) -> datetime | None:
    """Return when the first of the articles that wait is to be tried again."""
    with database.operator_transaction() as connection:
        row = connection.execute(statement(__package__, "next_embedding_attempt")).fetchone()
    return row[0] if row else None


def articles_version(database: Database) -> str | None:
    """Return what stays the same as long as no article, key or model changes; None: not known.

    PostgreSQL publishes its counters after the commit, by up to a second: what was committed before
    a look at the articles and is counted after it shows as a change.
    """
    with database.operator_transaction() as connection:
        row = connection.execute(statement(__package__, "articles_version")).fetchone()
    return row[0] if row else None
