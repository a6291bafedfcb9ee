"""What retention has left, for a test to look at."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from psycopg.rows import dict_row

from loopctl_pipelines.anomaly_rule import AnomalyRule
from loopctl_pipelines.costs.retention.last_rollup import LastRollup
from loopctl_pipelines.costs.retention.retained import Retained
from loopctl_pipelines.costs.retention.retention import retain
from loopctl_pipelines.costs.summaries.rollup_protocol import SqlRollup
from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.tenants.tenant import Tenant
from loopctl_pipelines_tests.usage import Usage, id_of

NOW = datetime(2026, 11, 22, 3)  # noqa: DTZ001 - naive UTC; a Sunday
TODAY = NOW.date()
LAST_ROLLUP = LastRollup(SqlRollup(), AnomalyRule())


def ago(days: int) -> date:
    """Return the UTC day that lies this many days before `NOW`."""
    return TODAY - timedelta(days=days)


def keep(database: Database, days: int | None, slug: str = "a") -> None:
    """Set the tenant's token_data_retention_days."""
    with database.operator_transaction() as connection:
        connection.execute(
            "UPDATE tenants SET token_data_retention_days = %s WHERE id = %s", [days, id_of(slug)]
        )


def retained(database: Database, slug: str = "a", now: datetime = NOW) -> Retained:
    """Run a tenant's retention; no part of it may fail."""
    done = retain(database, Tenant(id_of(slug), slug, slug, "active"), now, LAST_ROLLUP)
    assert done.errors == ()
    return done


def reports(database: Database) -> dict[UUID, datetime | None]:
    """Return `deleted_at` of every report there is, by its id."""
    with database.operator_transaction() as connection:
        query = "SELECT id, deleted_at FROM token_usage_reports"
        return dict(connection.execute(query).fetchall())


def live(database: Database) -> set[UUID]:
    """Return the reports that are not soft-deleted."""
    return {report for report, deleted_at in reports(database).items() if deleted_at is None}


def archived_before(database: Database, slug: str = "a") -> date | None:
    """Return the tenant's first day that is not archived."""
    with database.operator_transaction() as connection:
        row = connection.execute(
            "SELECT archived_before FROM loopctl_pipelines.archived_days WHERE tenant_id = %s",
            [id_of(slug)],
        ).fetchone()
    return row[0] if row else None


def audit_rows(database: Database) -> list[dict[str, Any]]:
    """Return what the audit log has of retention, the oldest first."""
    with database.operator_transaction() as connection:
        return (
            connection.cursor(row_factory=dict_row)
            .execute(
                "SELECT * FROM audit_log WHERE entity_type = 'token_data_archival'"
                " ORDER BY inserted_at, id"
            )
            .fetchall()
        )


def deleted(usage: Usage, days: float, corrects: UUID | None = None) -> UUID:
    """Add a report that was soft-deleted so many days ago."""
    report = usage.report("a", ago(200), 100, corrects=corrects)
    when = NOW - timedelta(days=days)
    usage.reports[-1] = replace(usage.reports[-1], deleted_at=when)
    return report


def write_anomaly(database: Database, when: datetime, story: UUID, *, resolved: bool) -> None:
    with database.operator_transaction() as connection:
        connection.execute(
            "INSERT INTO cost_anomalies (id, tenant_id, story_id, anomaly_type, inserted_at,"
            " updated_at, story_cost_millicents, reference_avg_millicents, deviation_factor,"
            " resolved) VALUES (gen_random_uuid(), %s, %s, 'high_cost', %s, %s, 9, 2, 4.5, %s)",
            [id_of("a"), story, when, when, resolved],
        )
