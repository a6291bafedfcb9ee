"""Checks the budgets of one tenant, in one transaction of the tenant.

What is spent are the live reports of all days, as loopctl counts it: its flags and ours have to
mean the same.
"""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Final
from uuid import UUID

from psycopg.rows import class_row
from psycopg.types.json import Jsonb
from pydantic import TypeAdapter

from loopctl_pipelines.costs.anomalies.anomaly import KnownAnomaly
from loopctl_pipelines.costs.anomalies.writing import write_anomalies
from loopctl_pipelines.costs.budgets.budget import (
    Budget,
    Crossing,
    Limit,
    StoryOverBudget,
    crossings,
)
from loopctl_pipelines.costs.budgets.forecast import TRAILING_DAYS
from loopctl_pipelines.costs.budgets.story_anomalies import anomaly_rows
from loopctl_pipelines.costs.planning.tenant_days import TenantDays
from loopctl_pipelines.costs.tenant_work.transactions import begin_writing_costs
from loopctl_pipelines.database.connection import TenantConnection
from loopctl_pipelines.database.statements import statement
from loopctl_pipelines.webhooks.outbox import Event, queue_events

_BUDGETS: Final = TypeAdapter(list[Budget])
_STORIES: Final = TypeAdapter(list[StoryOverBudget])


@dataclass(frozen=True, slots=True)
class BudgetsChecked:
    """The budgets of one tenant.

    Attributes:
        day: the UTC day with whose landing they were checked; the last of the trailing days.
        budgets: all budgets of projects, epics and stories.
        stories_over: stories that have exceeded their effective budget.
        reported: the thresholds that were reported now, each with an audit row.
        anomalies: how many anomalies were opened, updated and resolved.
    """

    day: date
    budgets: Sequence[Budget] = ()
    stories_over: int = 0
    reported: Sequence[Crossing] = ()
    anomalies: Counter[str] = field(default_factory=Counter)


def check_budgets(connection: TenantConnection, unit: TenantDays) -> list[BudgetsChecked]:
    """Bring the anomalies of stories over budget in line, and report what crosses a threshold.

    Each threshold of a budget is reported once, here or by loopctl: the one that sets its flag
    audits it and queues the event. loopctl clears the flags when limits change or a report goes.

    Args:
        connection: a transaction of the unit's tenant.
        unit: the tenant; the last day is the day that the result is of.

    Returns:
        One entry, for the last day.

    Raises:
        psycopg.Error: the transaction is then to be rolled back.
    """
    tenant_id = unit.tenant.id
    begin_writing_costs(connection, tenant_id)
    budgets, over = budget_use(connection, unit)
    known = _known_anomalies(connection, tenant_id, [story.story_id for story in over])
    written = write_anomalies(connection, tenant_id, anomaly_rows(over, known))
    reported = _report(connection, tenant_id, [c for each in budgets for c in crossings(each)])
    changes = Counter(change for _, change in written)
    return [BudgetsChecked(unit.last, budgets, len(over), reported, changes)]


def budget_use(
    connection: TenantConnection, unit: TenantDays
) -> tuple[list[Budget], list[StoryOverBudget]]:
    """Return the tenant's budgets with what is spent, and the stories over their effective budget.

    Args:
        connection: a transaction of the unit's tenant.
        unit: the tenant; its last day is the last of the trailing days.

    Raises:
        psycopg.Error: if the statement fails.
    """
    parameters = {
        "tenant_id": unit.tenant.id,
        "trailing": unit.end - timedelta(days=TRAILING_DAYS),
        "end": unit.end,
    }
    query = statement(__package__, "budget_use")
    row = connection.execute(query, parameters, prepare=True).fetchone()
    budgets, stories = row or ("[]", "[]")
    return _BUDGETS.validate_json(budgets), _STORIES.validate_json(stories)


def _known_anomalies(
    connection: TenantConnection, tenant_id: UUID, stories: Collection[UUID]
) -> list[KnownAnomaly]:
    cursor = connection.cursor(row_factory=class_row(KnownAnomaly))
    parameters = {"tenant_id": tenant_id, "stories": list(stories)}
    query = statement(__package__, "known_budget_anomalies")
    return cursor.execute(query, parameters, prepare=True).fetchall()


def _report(
    connection: TenantConnection, tenant_id: UUID, found: Sequence[Crossing]
) -> list[Crossing]:
    if not found:
        return []
    parameters = {"tenant_id": tenant_id, "changes": Jsonb(_flags(found))}
    changed = {
        budget_id
        for (budget_id,) in connection.execute(statement(__package__, "set_flags"), parameters)
    }
    won = [crossing for crossing in found if crossing.budget.id in changed]
    if won:
        audited = {"tenant_id": tenant_id, "crossings": Jsonb([_audited(each) for each in won])}
        connection.execute(statement(__package__, "audit_crossings"), audited)
        queue_events(connection, tenant_id, [_event(each) for each in won])
    return won


def _flags(found: Sequence[Crossing]) -> list[dict[str, Any]]:
    """Return the flags to set, each budget with what it was when it was read."""
    by_id = {crossing.budget.id: crossing.budget for crossing in found}
    reached = {(crossing.budget.id, crossing.threshold) for crossing in found}
    return [
        {
            "id": str(budget.id),
            "budget_millicents": budget.budget_millicents,
            "budget_input_tokens": budget.budget_input_tokens,
            "budget_output_tokens": budget.budget_output_tokens,
            "alert_threshold_pct": budget.alert_threshold_pct,
            "was_warned": budget.warning_fired,
            "was_exceeded": budget.exceeded_fired,
            "warned": budget.warning_fired or (budget.id, "warning") in reached,
            "exceeded": budget.exceeded_fired or (budget.id, "exceeded") in reached,
        }
        for budget in by_id.values()
    ]


def _audited(crossing: Crossing) -> dict[str, Any]:
    """Return the columns of the audit row, with loopctl's fields and the limit that was reached."""
    budget, use = crossing.budget, crossing.use
    subject = {
        "budget_id": str(budget.id),
        "scope_type": budget.scope_type,
        "scope_id": str(budget.scope_id),
        "threshold_type": crossing.threshold,
    }
    reached = {
        "utilization_pct": use.percent,
        "budget_millicents": budget.budget_millicents,
        **_limit(crossing),
    }
    return {"budget_id": str(budget.id), "new_state": subject | reached, "metadata": subject}


def _event(crossing: Crossing) -> Event:
    budget, use = crossing.budget, crossing.use
    payload = {
        "budget_id": str(budget.id),
        "scope_type": budget.scope_type,
        "scope_id": str(budget.scope_id),
        "budget_millicents": budget.budget_millicents,
        "current_spend_millicents": budget.cost_millicents,
        "utilization_pct": use.percent,
        "alert_threshold_pct": budget.alert_threshold_pct,
        # no single report: the budget is checked after a day's landing
        "triggering_report_id": None,
        **_limit(crossing),
    }
    if crossing.threshold == "exceeded":
        overage = budget.cost_millicents - (budget.budget_millicents or 0)
        payload["overage_millicents"] = max(overage, 0) if use.limit == Limit.COST else 0
    return Event(f"token.budget_{crossing.threshold}", budget.project_id, payload)


def _limit(crossing: Crossing) -> dict[str, object]:
    use = crossing.use
    return {"limit": use.limit.value, "used": use.used, "allowed": use.allowed}
