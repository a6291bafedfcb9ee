"""Reads what is stored of a tenant's costs, for people."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from psycopg.rows import class_row

from loopctl_pipelines.costs.anomalies.anomaly import day_of
from loopctl_pipelines.costs.display.plots import TenantCosts
from loopctl_pipelines.costs.planning.tenant_days import TenantDays
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
class StoredAnomaly:
    """A row of cost_anomalies. Costs are in millicents."""

    id: UUID
    period: str | None
    story_id: UUID
    story_title: str
    anomaly_type: str
    story_cost_millicents: int
    reference_avg_millicents: int
    deviation_factor: Decimal
    resolved: bool
    archived: bool

    @property
    def day(self) -> date | None:
        """The UTC day it is of; None of one of loopctl's own."""
        return day_of(self.period)


def daily_totals(database: Database, unit: TenantDays) -> list[DayTotal]:
    """Return the days of the unit that have summaries, in their order."""
    asked = {"tenant_id": unit.tenant.id, "first": unit.first, "end": unit.end}
    with database.tenant_transaction(unit.tenant.id) as connection:
        cursor = connection.cursor(row_factory=class_row(DayTotal))
        return cursor.execute(statement(__package__, "daily_totals"), asked).fetchall()


def list_anomalies(
    database: Database, tenant: Tenant, *, resolved: bool | None = False
) -> list[StoredAnomaly]:
    """Return the tenant's anomalies, the latest day first and of a day the costliest deviation.

    Args:
        database: where they are.
        tenant: whose they are.
        resolved: only those that are resolved, or open; None: all, the archived ones too.
    """
    with database.tenant_transaction(tenant.id) as connection:
        cursor = connection.cursor(row_factory=class_row(StoredAnomaly))
        asked = {"tenant_id": tenant.id, "resolved": resolved}
        return cursor.execute(statement(__package__, "list_anomalies"), asked).fetchall()


def costs_to_plot(
    database: Database, unit: TenantDays, anomalies: Iterable[StoredAnomaly]
) -> TenantCosts:
    """Return the tenant's costs of these days, with the anomalies that are to be marked."""
    return TenantCosts(
        unit.tenant.slug,
        {total.day: total.cost_millicents for total in daily_totals(database, unit)},
        Counter((a.anomaly_type, a.day) for a in anomalies if a.day),
    )
