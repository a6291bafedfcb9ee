"""Anomaly detection of one tenant and range of days, in one transaction of the tenant."""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date, timedelta
from uuid import UUID

from psycopg.rows import class_row

from loopctl_pipelines.anomaly_rule import AnomalyRule
from loopctl_pipelines.costs.anomalies.anomaly import (
    Changes,
    KnownAnomaly,
)
from loopctl_pipelines.costs.anomalies.changes import changes
from loopctl_pipelines.costs.anomalies.stories_compared import (
    StoriesCompared,
    baseline_name,
    compare_stories,
)
from loopctl_pipelines.costs.anomalies.writing import write_anomalies
from loopctl_pipelines.costs.baselines.stored_baselines import DayBaseline
from loopctl_pipelines.costs.planning.tenant_days import TenantDays
from loopctl_pipelines.costs.tenant_work.tenant_rule import TenantRule, tenant_rule
from loopctl_pipelines.costs.tenant_work.transactions import begin_writing_costs
from loopctl_pipelines.database.connection import TenantConnection
from loopctl_pipelines.database.statements import statement


@dataclass(frozen=True, slots=True)
class DayCompared:
    """The result of the detection for one tenant's UTC day.

    Attributes:
        day: the UTC day.
        rule_of: the tenant's rule.
        epics: epics with a summary of the day.
        blind_epics: epics in which no story can be `high_cost`: too few stories for the baseline,
            or a baseline of 0.
        unsummarized_epics: epics with reports and without a summary; they are not compared.
        stories: stories compared.
        baseline: the day's baselines, which the calibrated rule compared with; else None.
        high_cost: stories above the high factor.
        suspiciously_low: stories below the low factor.
        opened: anomalies opened, each with one audit row. Changes to anomalies of other days count
            for the last day of the range, here and in the next two.
        updated: open anomalies with new figures or days.
        resolved: open anomalies that no longer hold, each with one audit row.
        archived: reports of the day were archived, so it was not compared and keeps its anomalies.
    """

    day: date
    rule_of: TenantRule
    epics: int = 0
    blind_epics: int = 0
    unsummarized_epics: int = 0
    stories: int = 0
    baseline: DayBaseline | None = None
    high_cost: int = 0
    suspiciously_low: int = 0
    opened: int = 0
    updated: int = 0
    resolved: int = 0
    archived: bool = False


def detect_anomalies(
    connection: TenantConnection, unit: TenantDays, *, rule: AnomalyRule
) -> list[DayCompared]:
    """Compare the stories of these days with their epics, and bring the anomalies in line.

    Args:
        connection: a transaction of the unit's tenant.
        unit: the tenant and days.
        rule: the operator's rule; the tenant's settings may change parts.

    Returns:
        One entry for each day of the unit, also for days without epics.

    Raises:
        psycopg.Error: the transaction is then to be rolled back.
    """
    with connection.pipeline():  # one round trip
        begin_writing_costs(connection, unit.tenant.id)
        rule_of = tenant_rule(connection, unit.tenant, rule)
    compared: list[StoriesCompared] = []
    written: Counter[tuple[date, str]] = Counter()
    if (due := _days_that_depend_on(unit, rule_of.rule).since(rule_of.since)) is not None:
        compared, todo = compare(connection, due, rule_of)
        written = _write(connection, unit, todo)
    found = {day.day: _found(day, rule_of) for day in compared}
    return [
        replace(
            found.get(day) or DayCompared(day, rule_of, archived=True),
            opened=written[day, "opened"],
            updated=written[day, "updated"],
            resolved=written[day, "resolved"],
        )
        for day in unit.days()
    ]


def compare(
    connection: TenantConnection, unit: TenantDays, rule_of: TenantRule
) -> tuple[list[StoriesCompared], Changes]:
    """Compare the stories of these days; return the comparison and the changes to write.

    A day that an anomaly falls back to is compared as well, for its figures.
    """
    compared = compare_stories(connection, unit, rule_of.rule)
    todo = _changes_due(connection, unit.tenant.id, compared, rule_of)
    while todo.compare_too:
        for day in sorted(todo.compare_too):
            one_day = TenantDays(unit.tenant, day, day)
            compared += compare_stories(connection, one_day, rule_of.rule)
        todo = _changes_due(connection, unit.tenant.id, compared, rule_of)
    return compared, todo


def known_anomalies(
    connection: TenantConnection, tenant_id: UUID, first: date, stories: Collection[UUID]
) -> list[KnownAnomaly]:
    """Return the open anomalies of the days from `first` on, and all of these stories'."""
    cursor = connection.cursor(row_factory=class_row(KnownAnomaly))
    parameters = {"tenant_id": tenant_id, "first": first.isoformat(), "stories": list(stories)}
    return cursor.execute(
        statement(__package__, "known_anomalies"), parameters, prepare=True
    ).fetchall()


def _changes_due(
    connection: TenantConnection,
    tenant_id: UUID,
    compared: Collection[StoriesCompared],
    rule_of: TenantRule,
) -> Changes:
    found = [deviation for day in compared for deviation in day.found()]
    stories = {deviation.story_id for deviation in found}
    unsummarized = {day.day: set(day.unsummarized) for day in compared}
    since = rule_of.since or date.min
    return changes(
        found,
        known_anomalies(connection, tenant_id, min(day.day for day in compared), stories),
        lambda story, day: day in unsummarized and story not in unsummarized[day],
        lambda day: day >= since and day not in unsummarized,
        {"baseline": baseline_name(rule_of.rule), "days": rule_of.rule.days},
    )


def _days_that_depend_on(unit: TenantDays, rule: AnomalyRule) -> TenantDays:
    return TenantDays(unit.tenant, unit.first, unit.last + timedelta(days=rule.later_days))


def _write(
    connection: TenantConnection, unit: TenantDays, todo: Changes
) -> Counter[tuple[date, str]]:
    done = write_anomalies(connection, unit.tenant.id, todo.as_rows())
    # changes to other days count for the last day of the unit
    inside = set(unit.days())
    return Counter((day if day in inside else unit.last, change) for day, change in done)


def _found(compared: StoriesCompared, rule_of: TenantRule) -> DayCompared:
    types = Counter(deviation.anomaly_type for deviation in compared.found())
    return DayCompared(
        day=compared.day,
        rule_of=rule_of,
        epics=compared.epics,
        blind_epics=compared.blind_epics,
        unsummarized_epics=compared.unsummarized_epics,
        stories=compared.stories,
        baseline=compared.baseline,
        high_cost=types["high_cost"],
        suspiciously_low=types["suspiciously_low"],
    )
