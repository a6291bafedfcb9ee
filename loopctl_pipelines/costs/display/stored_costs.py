"""Reads a tenant's stored costs and anomalies for display."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from psycopg.rows import class_row

from loopctl_pipelines.costs.anomalies.anomaly import day_of
from loopctl_pipelines.costs.display.tenant_costs import TenantCosts
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
    """A row of cost_anomalies. Costs are in millicents; only the calibrated rule gives a reason.

    `baseline` is what the reference is: an average or a median of its epic, for example.
    """

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
    reason: str | None
    baseline: str | None

    @property
    def day(self) -> date | None:
        """Its latest UTC day; None if loopctl itself wrote the anomaly."""
        return day_of(self.period)


def daily_totals(database: Database, unit: TenantDays) -> list[DayTotal]:
    """Return the days of the unit that have summaries, in their order."""
    parameters = {"tenant_id": unit.tenant.id, "first": unit.first, "end": unit.end}
    with database.tenant_transaction(unit.tenant.id) as connection:
        cursor = connection.cursor(row_factory=class_row(DayTotal))
        return cursor.execute(statement(__package__, "daily_totals"), parameters).fetchall()


def list_anomalies(
    database: Database, tenant: Tenant, *, resolved: bool | None = False
) -> list[StoredAnomaly]:
    """Return the tenant's anomalies, by latest day first, then by costliest deviation.

    Args:
        database: loopctl's database.
        tenant: the tenant.
        resolved: True: resolved ones; False: open ones; None: all, archived ones included.
    """
    with database.tenant_transaction(tenant.id) as connection:
        cursor = connection.cursor(row_factory=class_row(StoredAnomaly))
        parameters = {"tenant_id": tenant.id, "resolved": resolved}
        return cursor.execute(statement(__package__, "list_anomalies"), parameters).fetchall()


def costs_to_plot(
    database: Database, unit: TenantDays, anomalies: Iterable[StoredAnomaly]
) -> TenantCosts:
    """Return the tenant's costs of these days, with the anomalies to mark; without models."""
    return TenantCosts(
        unit.tenant.slug,
        {total.day: total.cost_millicents for total in daily_totals(database, unit)},
        Counter((a.anomaly_type, a.day) for a in anomalies if a.day),
    )


def daily_model_costs(database: Database, unit: TenantDays) -> dict[str, dict[date, Decimal]]:
    """Return what each model cost on each of these days, in millicents."""
    parameters = {"tenant_id": unit.tenant.id, "first": unit.first, "end": unit.end}
    found: defaultdict[str, dict[date, Decimal]] = defaultdict(dict)
    with database.tenant_transaction(unit.tenant.id) as connection:
        rows = connection.execute(statement(__package__, "daily_model_costs"), parameters)
        for day, model, cost in rows:
            found[model][day] = cost
    return dict(found)
