"""Reads what is stored of a tenant's costs, for people."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from psycopg.rows import class_row

from loopctl_pipelines.costs.tenant_days import TenantDays
from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.database.statements import statement
from loopctl_pipelines.tenants.tenant import Tenant


@dataclass(frozen=True, slots=True)
class DayTotal:
    """The totals of one tenant's UTC day: tokens, and millicents (1/1000 cent)."""

    day: date
    reports: int
    input_tokens: Decimal
    output_tokens: Decimal
    cost_millicents: Decimal


@dataclass(frozen=True, slots=True)
class OpenAnomaly:
    """An anomaly that nobody has resolved. Costs are in millicents; loopctl's own has no day."""

    id: UUID
    day: date | None
    story_id: UUID
    story_title: str
    anomaly_type: str
    story_cost_millicents: int
    reference_avg_millicents: int
    deviation_factor: Decimal


def daily_totals(database: Database, unit: TenantDays) -> list[DayTotal]:
    """Return the days of the unit that have summaries, in their order."""
    asked = {"tenant_id": unit.tenant.id, "first": unit.first, "end": unit.end}
    with database.tenant_transaction(unit.tenant.id) as connection:
        cursor = connection.cursor(row_factory=class_row(DayTotal))
        return cursor.execute(statement(__package__, "daily_totals"), asked).fetchall()


def open_anomalies(database: Database, tenant: Tenant) -> list[OpenAnomaly]:
    """Return the tenant's open anomalies that are not archived, the worst first."""
    with database.tenant_transaction(tenant.id) as connection:
        cursor = connection.cursor(row_factory=class_row(OpenAnomaly))
        asked = {"tenant_id": tenant.id}
        return cursor.execute(statement(__package__, "open_anomalies"), asked).fetchall()
