"""The queries of costs across all tenants: they return ids, days, counts and quantiles only."""

from collections.abc import Collection, Sequence
from datetime import date, timedelta
from uuid import UUID

from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.database.statements import statement


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
        parameters = {"first": first, "last": last}
        return connection.execute(statement(__package__, "stale_days"), parameters).fetchall()


def tenant_of_anomaly(database: Database, anomaly_id: UUID) -> UUID | None:
    """Return the id of the tenant that an anomaly belongs to; None if there is no such anomaly."""
    with database.operator_transaction() as connection:
        parameters = {"anomaly_id": anomaly_id}
        row = connection.execute(statement(__package__, "tenant_of_anomaly"), parameters).fetchone()
    return row[0] if row else None


def tenants_with_budgets(database: Database, tenant_ids: Collection[UUID]) -> set[UUID]:
    """Return the ids of those tenants that have a budget to check, or had one that was exceeded."""
    with database.operator_transaction() as connection:
        parameters = {"tenant_ids": list(tenant_ids)}
        query = statement(__package__, "tenants_with_budgets")
        return {tenant_id for (tenant_id,) in connection.execute(query, parameters)}


def deleted_tenants_with_baselines(database: Database) -> list[UUID]:
    """Return the ids of tenants that no longer exist and still have baselines."""
    with database.operator_transaction() as connection:
        query = statement(__package__, "deleted_tenants_with_baselines")
        return [tenant_id for (tenant_id,) in connection.execute(query)]


def pooled_tails(
    database: Database, day: date, *, history: int, days: int, least_stories: int
) -> list[tuple[str, float, float, Sequence[float]]]:
    """Return kind, stories, spread and shares of the two tails of all tenants' ratios.

    Args:
        database: loopctl's database.
        day: baselines before this UTC day count, the latest of each tenant.
        history: UTC days before it that are looked at.
        days: days that a story's cost adds up.
        least_stories: a tenant with fewer in its history is left out.
    """
    parameters = {"day": day, "history": history, "days": days, "least_stories": least_stories}
    with database.operator_transaction() as connection:
        return connection.execute(statement(__package__, "pooled_tails"), parameters).fetchall()
