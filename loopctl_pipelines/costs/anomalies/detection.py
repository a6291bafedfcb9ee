"""Anomaly detection of one tenant and range of days, in one transaction of the tenant."""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date, timedelta
from uuid import UUID

from psycopg.rows import class_row
from pydantic import TypeAdapter

from loopctl_pipelines.anomaly_rule import AnomalyRule, AnomalyRuleError
from loopctl_pipelines.costs.anomalies.anomaly import (
    Changes,
    Deviation,
    KnownAnomaly,
)
from loopctl_pipelines.costs.anomalies.changes import changes
from loopctl_pipelines.costs.anomalies.writing import write_anomalies
from loopctl_pipelines.costs.errors import TenantSettingsError
from loopctl_pipelines.costs.planning.tenant_days import TenantDays
from loopctl_pipelines.costs.tenant_work.archived_days import archived_before
from loopctl_pipelines.costs.tenant_work.transactions import begin_writing_costs
from loopctl_pipelines.database.connection import TenantConnection
from loopctl_pipelines.database.statements import statement
from loopctl_pipelines.tenants.tenant import Tenant

_SETTING = "cost_anomalies"
_DEVIATIONS = TypeAdapter(list[Deviation])


@dataclass(frozen=True, slots=True)
class TenantRule:
    """The rule of one tenant.

    Attributes:
        rule: the operator's rule with the tenant's own settings.
        problem: why the tenant's settings are not used; None if they are, or if there are none.
        since: the first day whose costs are complete; None if no day is archived.
    """

    rule: AnomalyRule
    problem: str | None = None
    since: date | None = None


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
    high_cost: int = 0
    suspiciously_low: int = 0
    opened: int = 0
    updated: int = 0
    resolved: int = 0
    archived: bool = False


@dataclass(frozen=True, slots=True)
class StoriesCompared:
    """A row of compare_stories.sql: the comparison of one day."""

    day: date
    epics: int
    blind_epics: int
    unsummarized_epics: int
    stories: int
    unsummarized: list[UUID]
    deviations: str

    def found(self) -> list[Deviation]:
        """Return the stories that deviate."""
        return _DEVIATIONS.validate_json(self.deviations)


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


def tenant_rule(connection: TenantConnection, tenant: Tenant, rule: AnomalyRule) -> TenantRule:
    """Return the operator's rule with the tenant's settings, or why they cannot be used."""
    parameters = {"tenant_id": tenant.id, "setting": _SETTING}
    row = connection.execute(statement(__package__, "anomaly_settings"), parameters).fetchone()
    problem = None
    try:
        rule = rule.changed_by(row[0]) if row and row[0] else rule
    except AnomalyRuleError as error:
        place = f"{_SETTING}.{error.field}" if error.field else _SETTING
        problem = str(TenantSettingsError(tenant.slug, place, error.problem))
    archived = archived_before(connection, tenant.id)
    since = archived + timedelta(days=rule.days - 1) if archived else None
    return TenantRule(rule, problem, since)


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


def compare_stories(
    connection: TenantConnection, unit: TenantDays, rule: AnomalyRule
) -> list[StoriesCompared]:
    """Compare the stories of these days with their epics; return one entry for each day."""
    cursor = connection.cursor(row_factory=class_row(StoriesCompared))
    parameters = {
        "tenant_id": unit.tenant.id,
        "first": unit.first,
        "end": unit.end,
        **rule.model_dump(mode="python"),
        "baseline": rule.baseline.value,
    }
    return cursor.execute(
        statement(__package__, "compare_stories"), parameters, prepare=True
    ).fetchall()


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
        {"baseline": rule_of.rule.baseline.value, "days": rule_of.rule.days},
    )


def _days_that_depend_on(unit: TenantDays, rule: AnomalyRule) -> TenantDays:
    return TenantDays(unit.tenant, unit.first, unit.last + timedelta(days=rule.days - 1))


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
        high_cost=types["high_cost"],
        suspiciously_low=types["suspiciously_low"],
    )
