"""Compares what is stored with what should be: the statements behind the asset checks."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final
from uuid import UUID

from pydantic import TypeAdapter

from loopctl_pipelines.anomaly_rule import AnomalyRule
from loopctl_pipelines.costs.anomaly_changes import Changes, Deviation, KnownAnomaly
from loopctl_pipelines.costs.archived_days import archived_before
from loopctl_pipelines.costs.detection import compare, tenant_rule
from loopctl_pipelines.costs.tenant_days import TenantDays
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


_OF_THIS_DAY = "an anomaly of this day"
_DIFFERENCES = TypeAdapter(list[Difference])


def reconcile(connection: TenantConnection, unit: TenantDays) -> list[DayReconciled]:
    """Compare the tenant's summaries of these days with its reports, in one statement.

    Of days that are archived, only the reports that came too late are counted.

    Returns:
        One entry for each day of the unit.

    Raises:
        psycopg.Error: if they cannot be compared.
    """
    connection.execute(statement(__package__, "begin_reading_costs"))
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
    late = _late_reports(connection, unit, archived) if archived else {}
    return [
        found.get(day) or DayReconciled(day, archived=True, late_reports=late.get(day, 0))
        for day in unit.days()
    ]


def _late_reports(
    connection: TenantConnection, unit: TenantDays, archived: date
) -> dict[date, int]:
    if archived <= unit.first:
        return {}
    asked = {
        "tenant_id": unit.tenant.id,
        "first": unit.first,
        "end": min(unit.end, archived),
    }
    return dict(connection.execute(statement(__package__, "late_reports"), asked).fetchall())


@dataclass(frozen=True, slots=True)
class AnomalyDifference:
    """An anomaly that is not what the rule makes of the reports; None: there is none.

    Attributes:
        story_id: the story.
        anomaly_type: high_cost or suspiciously_low.
        stored: cost and factor of the open anomaly; of one that has those of a later day, that it
            stands for this day too.
        should_be: the same by the rule.
    """

    story_id: UUID
    anomaly_type: str
    stored: str | None
    should_be: str | None


@dataclass(frozen=True, slots=True)
class DayRechecked:
    """What a second comparison of a tenant's UTC day came to.

    Attributes:
        day: the UTC day.
        stories: stories compared.
        different: anomalies that are missing, that have other figures, or that do not hold.
        stale: a summary of the day is marked: its anomalies will follow when it is healed.
        archived: reports of it were archived, so it was not compared.
    """

    day: date
    stories: int = 0
    different: Sequence[AnomalyDifference] = ()
    stale: bool = False
    archived: bool = False


def recheck_anomalies(
    connection: TenantConnection, unit: TenantDays, *, rule: AnomalyRule
) -> list[DayRechecked]:
    """Compare the stories of these days once more, and the result with the open anomalies.

    Args:
        connection: a transaction of the unit's tenant.
        unit: the tenant and days.
        rule: the operator's rule, of which the tenant's settings may change parts.

    Returns:
        One entry for each day of the unit.

    Raises:
        psycopg.Error: if they cannot be compared.
    """
    connection.execute(statement(__package__, "begin_reading_costs"))
    rule_of = tenant_rule(connection, unit.tenant, rule)
    found: dict[date, DayRechecked] = {}
    if (live := unit.since(rule_of.since)) is not None:
        compared, todo = compare(connection, live, rule_of)
        due = _by_day(todo)
        found = {
            day.day: DayRechecked(day.day, day.stories, due[day.day], day.is_stale)
            for day in compared
        }
    return [found.get(day) or DayRechecked(day, archived=True) for day in unit.days()]


def _by_day(due: Changes) -> defaultdict[date, list[AnomalyDifference]]:
    found: defaultdict[date, list[AnomalyDifference]] = defaultdict(list)
    for deviation, _ in due.opened:
        kind = (deviation.story_id, deviation.anomaly_type)
        found[deviation.day].append(AnomalyDifference(*kind, None, _told(deviation)))
    for update in due.updated:
        kind = (update.known.story_id, update.known.anomaly_type)
        before, after = update.known.days, update.days
        for day in after - before - {max(after)}:
            found[day].append(AnomalyDifference(*kind, None, _OF_THIS_DAY))
        for day in before - after:
            found[day].append(AnomalyDifference(*kind, _OF_THIS_DAY, None))
        stored, right = _told(update.known), _told(update.figures or update.known)
        # figures that agree are told where no day differs: then it is the stories, or the rule
        if update.figures and (stored != right or before == after):
            found[update.figures.day].append(AnomalyDifference(*kind, stored, right))
    for known, _ in due.resolved:
        kind = (known.story_id, known.anomaly_type)
        found[max(known.days)].append(AnomalyDifference(*kind, _told(known), None))
    return found


def _told(figures: Deviation | KnownAnomaly) -> str:
    return f"{figures.cost} millicents, {figures.factor} times {figures.reference}"
