"""Compares the stored summaries with the reports: what is behind `summaries_match_reports`."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final
from uuid import UUID

from pydantic import TypeAdapter

from loopctl_pipelines.costs.planning.tenant_days import TenantDays
from loopctl_pipelines.costs.tenant_work.archived_days import archived_before
from loopctl_pipelines.costs.tenant_work.transactions import begin_reading_costs
from loopctl_pipelines.database.connection import TenantConnection
from loopctl_pipelines.database.statements import statement

SHOWN_DIFFERENCES: Final = 50
"""Of a tenant's day, so many differences are told; all of them are counted."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A figure of a summary that its reports do not add up to; None: there is no such figure.

    Attributes:
        scope_type: agent, epic or project.
        scope_id: the agent, epic or project.
        model: the model, of a figure of the breakdown.
        phase: the phase, of a figure of the breakdown.
        figure: which one.
        stored: what the summary says.
        reports_say: what the live reports add up to.
    """

    scope_type: str
    scope_id: UUID
    model: str | None
    phase: str | None
    figure: str
    stored: Decimal | None
    reports_say: Decimal | None


@dataclass(frozen=True, slots=True)
class DayReconciled:
    """What the comparison of a tenant's UTC day came to.

    Attributes:
        day: the UTC day.
        summaries: its summaries.
        stale: those that are marked, and therefore known to differ until they are healed.
        scopes: how many others differ.
        differences: in how many figures.
        first: the first of them.
        archived: the day is final, and was not compared.
        late_reports: of an archived day, the reports that are live: no summary has them, unless
            retention has not come to them yet.
    """

    day: date
    summaries: int = 0
    stale: int = 0
    scopes: int = 0
    differences: int = 0
    first: Sequence[Difference] = ()
    archived: bool = False
    late_reports: int = 0


_DIFFERENCES = TypeAdapter(list[Difference])


def reconcile(connection: TenantConnection, unit: TenantDays) -> list[DayReconciled]:
    """Compare the tenant's summaries of these days with its reports, in one statement.

    Of days that are archived, only the reports that came too late are counted.

    Returns:
        One entry for each day of the unit.

    Raises:
        psycopg.Error: if they cannot be compared.
    """
    begin_reading_costs(connection, unit.tenant.id)
    archived = archived_before(connection, unit.tenant.id)
    found: dict[date, DayReconciled] = {}
    if (live := unit.since(archived)) is not None:
        asked = {
            "tenant_id": live.tenant.id,
            "first": live.first,
            "end": live.end,
            "shown": SHOWN_DIFFERENCES,
        }
        rows = connection.execute(statement(__package__, "reconcile"), asked, prepare=True)
        for day, summaries, stale, scopes, differences, first in rows:
            told = _DIFFERENCES.validate_json(first)
            found[day] = DayReconciled(day, summaries, stale, scopes, differences, told)
    late = _late_reports(connection, unit) if archived and archived > unit.first else {}
    return [
        found.get(day) or DayReconciled(day, archived=True, late_reports=late.get(day, 0))
        for day in unit.days()
    ]


def _late_reports(connection: TenantConnection, unit: TenantDays) -> dict[date, int]:
    asked = {"tenant_id": unit.tenant.id, "first": unit.first, "end": unit.end}
    return dict(connection.execute(statement(__package__, "late_reports"), asked).fetchall())
