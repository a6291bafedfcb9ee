"""Compares the stories of a tenant's days by its rule: the reference's or the calibrated one."""

from dataclasses import dataclass, field, replace
from datetime import date
from typing import Final
from uuid import UUID

from psycopg.rows import class_row
from pydantic import TypeAdapter

from loopctl_pipelines.anomaly_rule import AnomalyRule
from loopctl_pipelines.costs.anomalies.anomaly import Deviation
from loopctl_pipelines.costs.baselines.comparison import (
    ComparedWithBaselines,
    compare_with_baselines,
)
from loopctl_pipelines.costs.baselines.stored_baselines import DayBaseline, read_baselines
from loopctl_pipelines.costs.planning.tenant_days import TenantDays
from loopctl_pipelines.database.connection import TenantConnection
from loopctl_pipelines.database.statements import statement

CALIBRATED_BASELINE: Final = "peer_shrunk"
"""The calibrated rule's baseline: the median of the peers, moved toward the usual cost."""

_DEVIATIONS = TypeAdapter(list[Deviation])


@dataclass(frozen=True, slots=True)
class StoriesCompared:
    """The comparison of one day: a row of compare_stories.sql.

    Attributes:
        day: the UTC day.
        epics: epics with a summary of the day.
        blind_epics: epics in which no story can be `high_cost`.
        unsummarized_epics: epics with reports and without a summary.
        stories: stories compared.
        unsummarized: stories that were not compared.
        deviations: stories that deviate, as JSON.
        rule: the tenant's rule, where it is calibrated.
        baseline: what the calibrated rule compared with; else None.
    """

    day: date
    epics: int
    blind_epics: int
    unsummarized_epics: int
    stories: int
    unsummarized: list[UUID]
    deviations: str
    rule: AnomalyRule = field(default_factory=AnomalyRule)
    baseline: DayBaseline | None = None

    def found(self) -> list[Deviation]:
        """Return the stories that deviate."""
        deviations = _DEVIATIONS.validate_json(self.deviations)
        if self.baseline is None:
            return deviations
        return [
            replace(each, explained=self.baseline.explained(each.anomaly_type, self.rule))
            for each in deviations
        ]


def baseline_name(rule: AnomalyRule) -> str:
    """Return the name of the rule's baseline, as an anomaly's metadata holds it."""
    return CALIBRATED_BASELINE if rule.is_calibrated else rule.baseline.value


def compare_stories(
    connection: TenantConnection, unit: TenantDays, rule: AnomalyRule
) -> list[StoriesCompared]:
    """Compare the stories of these days with their epics; return one entry for each day.

    Raises:
        psycopg.Error: if the comparison fails.
    """
    if rule.is_calibrated:
        return _compare_calibrated(connection, unit, rule)
    cursor = connection.cursor(row_factory=class_row(StoriesCompared))
    parameters = {
        "tenant_id": unit.tenant.id,
        "first": unit.first,
        "end": unit.end,
        **rule.model_dump(mode="python", exclude={"rule", "calibrated_tenants"}),
        "baseline": rule.baseline.value,
    }
    return cursor.execute(
        statement(__package__, "compare_stories"), parameters, prepare=True
    ).fetchall()


def _compare_calibrated(
    connection: TenantConnection, unit: TenantDays, rule: AnomalyRule
) -> list[StoriesCompared]:
    baselines = {each.day: each for each in read_baselines(connection, unit, rule)}
    given = list(baselines.values())
    compared = compare_with_baselines(connection, unit, rule, given, counted=False)
    return [_with_baseline(day, rule, baselines.get(day.day)) for day in compared]


def _with_baseline(
    day: ComparedWithBaselines, rule: AnomalyRule, baseline: DayBaseline | None
) -> StoriesCompared:
    return StoriesCompared(
        day=day.day,
        epics=day.epics,
        blind_epics=day.blind_epics,
        unsummarized_epics=day.unsummarized_epics,
        stories=day.stories,
        unsummarized=day.unsummarized,
        deviations=day.deviations,
        rule=rule,
        baseline=baseline,
    )
