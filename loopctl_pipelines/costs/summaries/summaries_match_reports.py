"""The check `summaries_match_reports`: compares the stored summaries with the reports."""

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
"""Differences shown for a tenant's day; all of them are counted."""


@dataclass(frozen=True, slots=True)
class SummaryDifference:
    """A figure of a summary that differs from the sum of its reports.

    Attributes:
        scope_type: agent, epic or project.
        scope_id: the agent, epic or project.
        model: the model, for a figure of the breakdown.
        phase: the phase, for a figure of the breakdown.
        figure: the figure's name.
        stored: the summary's value; None: it has none.
        reports_say: the sum of the live reports; None: there is none.
    """

    scope_type: str
    scope_id: UUID
    model: str | None
    phase: str | None
    figure: str
    stored: Decimal | None
    reports_say: Decimal | None


@dataclass(frozen=True, slots=True)
class SummaryCheck:
    """The check of one tenant's UTC day.

    Attributes:
        day: the UTC day.
        summaries: number of its summaries.
        stale: number of stale summaries, which are known to differ until they are recomputed.
        scopes: number of other summaries that differ.
        differences: number of figures in which they differ.
        first: the first differences.
        archived: the day is final and was not compared.
        late_reports: live reports of an archived day, which no summary contains unless an
            interrupted retention run has yet to archive them.
    """

    day: date
    summaries: int = 0
    stale: int = 0
    scopes: int = 0
    differences: int = 0
    first: Sequence[SummaryDifference] = ()
    archived: bool = False
    late_reports: int = 0


_DIFFERENCES = TypeAdapter(list[SummaryDifference])


def check_summaries(connection: TenantConnection, unit: TenantDays) -> list[SummaryCheck]:
    """Compare the tenant's summaries of these days with its reports, in one statement.

    For archived days, only late reports are counted.

    Returns:
        One entry for each day of the unit.

    Raises:
        psycopg.Error: if the comparison fails.
    """
    begin_reading_costs(connection, unit.tenant.id)
    archived = archived_before(connection, unit.tenant.id)
    found: dict[date, SummaryCheck] = {}
    if (live := unit.since(archived)) is not None:
        parameters = {
            "tenant_id": live.tenant.id,
            "first": live.first,
            "end": live.end,
            "shown": SHOWN_DIFFERENCES,
        }
        rows = connection.execute(
            statement(__package__, "check_summaries"), parameters, prepare=True
        )
        for day, summaries, stale, scopes, differences, first in rows:
            shown = _DIFFERENCES.validate_json(first)
            found[day] = SummaryCheck(day, summaries, stale, scopes, differences, shown)
    late = _late_reports(connection, unit) if archived and archived > unit.first else {}
    return [
        found.get(day) or SummaryCheck(day, archived=True, late_reports=late.get(day, 0))
        for day in unit.days()
    ]


def _late_reports(connection: TenantConnection, unit: TenantDays) -> dict[date, int]:
    parameters = {"tenant_id": unit.tenant.id, "first": unit.first, "end": unit.end}
    return dict(connection.execute(statement(__package__, "late_reports"), parameters).fetchall())
