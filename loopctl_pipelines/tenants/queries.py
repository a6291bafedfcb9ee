"""What no tenant's own transaction can answer: ids, names, roles and counts only.

Who is a tenant, how much there is to do, and whose API key it is that a request shows.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from psycopg.rows import class_row

from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.database.statements import statement
from loopctl_pipelines.errors import RoleUnfitError
from loopctl_pipelines.tenants.api_key import ApiKey
from loopctl_pipelines.tenants.tenant import Tenant


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


def stale_days(database: Database, first: date, last: date) -> list[tuple[UUID, date]]:
    """Return (tenant id, day) of active tenants' stale summaries in the UTC days [first, last]."""
    with database.operator_transaction() as connection:
        asked = {"first": first, "last": last}
        return connection.execute(statement(__package__, "stale_days"), asked).fetchall()


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


def find_api_key(database: Database, key_hash: str, impersonate: UUID | None) -> ApiKey | None:
    """Return the key of this hash, or None if there is none, or it is revoked or expired.

    Args:
        database: loopctl's database.
        key_hash: SHA-256 of the whole raw key, as lowercase hexadecimal digits.
        impersonate: the tenant that the request asks for; only a superadmin's key is told of it.
    """
    asked = {"key_hash": key_hash, "impersonate": impersonate}
    with database.operator_transaction() as connection:
        cursor = connection.cursor(row_factory=class_row(ApiKey))
        return cursor.execute(statement(__package__, "find_api_key"), asked).fetchone()


def note_key_use(database: Database, key_id: UUID) -> None:
    """Write `last_used_at` of a key, unless that was done within the last minute."""
    with database.operator_transaction() as connection:
        connection.execute(statement(__package__, "note_key_use"), {"id": key_id})


def check_key_lookup(database: Database) -> None:
    """Refuse a login that would find no key, before the first request is told that it is unknown.

    Raises:
        RoleUnfitError: if row-level security binds the login, or it or the role lacks a right.
    """
    with database.operator_transaction() as connection:
        asked = {"role": database.role}
        row = connection.execute(statement(__package__, "key_lookup_fitness"), asked).fetchone()
    bound, lacking = row or (True, [])
    if bound:
        raise _bound_login("api_keys")
    if lacking:
        raise RoleUnfitError(f"The API cannot serve: {', '.join(lacking)}. Grant it that.")


def check_sees_all_tenants(database: Database, table: str) -> None:
    """Refuse a login that would take it for nothing to do that it sees no tenant's rows.

    Raises:
        RoleUnfitError: if row-level security binds the login on the table.
    """
    with database.operator_transaction() as connection:
        bound = connection.execute(statement(__package__, "is_bound"), {"table": table}).fetchone()
    if bound != (False,):
        raise _bound_login(table)


def _bound_login(table: str) -> RoleUnfitError:
    return RoleUnfitError(
        f"The login of LOOPCTL_DATABASE_URL is bound by row-level security on {table}, so it "
        "would find no tenant's rows there. Use a login with BYPASSRLS, as loopctl's own has."
    )
