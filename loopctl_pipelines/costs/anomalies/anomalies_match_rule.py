"""The check `anomalies_match_rule`: compares the open anomalies with what the rule finds."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from loopctl_pipelines.anomaly_rule import AnomalyRule
from loopctl_pipelines.costs.anomalies.anomaly import Changes, Deviation, KnownAnomaly
from loopctl_pipelines.costs.anomalies.detection import compare
from loopctl_pipelines.costs.planning.tenant_days import TenantDays
from loopctl_pipelines.costs.tenant_work.tenant_rule import tenant_rule
from loopctl_pipelines.costs.tenant_work.transactions import begin_reading_costs
from loopctl_pipelines.database.connection import TenantConnection
from loopctl_pipelines.database.statements import statement

StaleEpics = defaultdict[date, set[str]]

_OF_THIS_DAY = "an anomaly of this day"


@dataclass(frozen=True, slots=True)
class AnomalyDifference:
    """An anomaly that differs from what the rule finds in the reports.

    Attributes:
        story_id: the story.
        anomaly_type: high_cost or suspiciously_low.
        stored: cost and factor of the open anomaly, or, if its figures are a later day's, that it
            covers this day too; None: there is no anomaly.
        should_be: the same by the rule; None: there should be none.
    """

    story_id: UUID
    anomaly_type: str
    stored: str | None
    should_be: str | None


@dataclass(frozen=True, slots=True)
class AnomalyCheck:
    """The check of one tenant's UTC day.

    Attributes:
        day: the UTC day.
        stories: stories compared.
        different: anomalies that are missing, have other figures, or no longer hold.
        stale_epics: epics with a stale summary, of the day or of the days before it that the rule
            adds up. They are skipped: their anomalies follow when the summary is recomputed.
        archived: reports of the day were archived, so it was not compared.
    """

    day: date
    stories: int = 0
    different: Sequence[AnomalyDifference] = ()
    stale_epics: int = 0
    archived: bool = False


def check_anomalies(
    connection: TenantConnection, unit: TenantDays, *, rule: AnomalyRule
) -> list[AnomalyCheck]:
    """Compare the stories of these days again, and the result with the open anomalies.

    Args:
        connection: a transaction of the unit's tenant.
        unit: the tenant and days.
        rule: the operator's rule; the tenant's settings may change parts.

    Returns:
        One entry for each day of the unit.

    Raises:
        psycopg.Error: if the comparison fails.
    """
    begin_reading_costs(connection, unit.tenant.id)
    rule_of = tenant_rule(connection, unit.tenant, rule)
    found: dict[date, AnomalyCheck] = {}
    if (live := unit.since(rule_of.since)) is not None:
        compared, todo = compare(connection, live, rule_of)
        stale = _stale_epics(connection, live, rule_of.rule)
        due = _by_day(todo, stale)
        found = {
            day.day: AnomalyCheck(day.day, day.stories, due[day.day], len(stale[day.day]))
            for day in compared
        }
    return [found.get(day) or AnomalyCheck(day, archived=True) for day in unit.days()]


def _stale_epics(connection: TenantConnection, unit: TenantDays, rule: AnomalyRule) -> StaleEpics:
    """Return by day the ids of the epics that will be compared again."""
    later = [timedelta(days=n) for n in range(rule.later_days + 1)]
    parameters = {"tenant_id": unit.tenant.id, "first": unit.first - later[-1], "end": unit.end}
    found: StaleEpics = defaultdict(set)
    for day, epic in connection.execute(statement(__package__, "stale_epics"), parameters):
        for offset in later:
            found[day + offset].add(str(epic))
    return found


def _by_day(due: Changes, stale: StaleEpics) -> defaultdict[date, list[AnomalyDifference]]:
    found: defaultdict[date, list[AnomalyDifference]] = defaultdict(list)

    def differs(
        day: date, of: Deviation | KnownAnomaly, stored: str | None, should_be: str | None
    ) -> None:
        if of.epic not in stale[day]:
            difference = AnomalyDifference(of.story_id, of.anomaly_type, stored, should_be)
            found[day].append(difference)

    for deviation, _ in due.opened:
        differs(deviation.day, deviation, None, _describe(deviation))
    for update in due.updated:
        before, after = update.known.days, update.days
        for day in after - before - {max(after)}:
            differs(day, update.known, None, _OF_THIS_DAY)
        for day in before - after:
            differs(day, update.known, _OF_THIS_DAY, None)
        stored, right = _describe(update.known), _describe(update.figures or update.known)
        # equal figures are reported if no day differs: then the stories or the rule changed
        if update.figures and (stored != right or before == after):
            differs(update.figures.day, update.figures, stored, right)
    for known, _ in due.resolved:
        differs(max(known.days), known, _describe(known), None)
    return found


def _describe(figures: Deviation | KnownAnomaly) -> str:
    return f"{figures.cost} millicents, {figures.factor} times {figures.reference}"
