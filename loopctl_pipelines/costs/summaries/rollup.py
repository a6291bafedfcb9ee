"""The SQL rollup of one tenant and range of days, in one transaction of the tenant."""

from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from uuid import UUID

from psycopg.rows import class_row

from loopctl_pipelines.costs.planning.tenant_days import TenantDays
from loopctl_pipelines.costs.tenant_work.archived_days import archived_before
from loopctl_pipelines.costs.tenant_work.transactions import begin_writing_costs
from loopctl_pipelines.database.connection import TenantConnection
from loopctl_pipelines.database.statements import statement


@dataclass(frozen=True, slots=True)
class DaySummarized:
    """The result of the rollup for one tenant's UTC day.

    Attributes:
        day: the UTC day.
        written: rows of cost_summaries inserted or updated.
        unchanged: rows that were correct and were not written.
        deleted: rows whose scope has no live report any more.
        reports: live reports, corrections included.
        cost_millicents: their cost, in 1/1000 cent.
        input_tokens: their input tokens.
        output_tokens: their output tokens.
        cost_per_model: millicents by model name.
        archived: the day is final and keeps its summaries.
        was_stale: a summary of the day was stale before.
    """

    day: date
    written: int = 0
    unchanged: int = 0
    deleted: int = 0
    reports: int = 0
    cost_millicents: Decimal | int = 0
    input_tokens: Decimal | int = 0
    output_tokens: Decimal | int = 0
    cost_per_model: dict[str, int] | None = None
    archived: bool = False
    was_stale: bool = False


def roll_up(connection: TenantConnection, unit: TenantDays) -> list[DaySummarized]:
    """Bring the tenant's summaries of these days in line with its reports.

    Recomputed, never incremented: a second call changes nothing. Archived days keep their
    summaries and are not stale afterwards.

    Returns:
        One entry for each day of the unit, also for days without reports.

    Raises:
        psycopg.Error: the transaction is then to be rolled back.
    """
    begin_writing_costs(connection, unit.tenant.id)
    cleared = connection.execute(statement(__package__, "clear_stale"), _bounds(unit), prepare=True)
    stale = {day for (day,) in cleared}
    archived = archived_before(connection, unit.tenant.id)
    found: dict[date, DaySummarized] = {}
    if (live := unit.since(archived)) is not None:
        cursor = connection.cursor(row_factory=class_row(DaySummarized))
        rows = cursor.execute(statement(__package__, "roll_up"), _bounds(live), prepare=True)
        found = {row.day: replace(row, was_stale=row.day in stale) for row in rows}
    return [
        found.get(day) or DaySummarized(day, archived=archived is not None and day < archived)
        for day in unit.days()
    ]


def _bounds(unit: TenantDays) -> dict[str, UUID | date]:
    return {"tenant_id": unit.tenant.id, "first": unit.first, "end": unit.end}
