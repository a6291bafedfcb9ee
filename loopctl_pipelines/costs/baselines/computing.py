"""Computes the baselines of a tenant's days, one by one, from what the days before left."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from uuid import UUID

from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from loopctl_pipelines.anomaly_rule import AnomalyRule
from loopctl_pipelines.costs.baselines.comparison import (
    PSEUDO_STORIES,
    ComparedWithBaselines,
    CountedStories,
    compare_with_baselines,
)
from loopctl_pipelines.costs.baselines.pooled import PooledTails
from loopctl_pipelines.costs.baselines.ratios import BIN_WIDTH, Bins, Tail
from loopctl_pipelines.costs.baselines.stored_baselines import DayBaseline, stored_days
from loopctl_pipelines.costs.baselines.threshold import high_threshold, low_threshold
from loopctl_pipelines.costs.planning.tenant_days import TenantDays
from loopctl_pipelines.costs.tenant_work.tenant_rule import TenantRule, tenant_rule
from loopctl_pipelines.costs.tenant_work.transactions import begin_writing_costs
from loopctl_pipelines.database.connection import TenantConnection
from loopctl_pipelines.database.statements import statement

HISTORY_DAYS: Final = 30
"""UTC days before a day that its baselines rest on."""


@dataclass(frozen=True, slots=True)
class History:
    """A row of read_history.sql: what is stored of the days before a day.

    Medians are logarithms. The arrays of projects belong together, and so do bins and counts.
    """

    median: float | None
    stories: int
    free_stories: int
    project_ids: list[UUID]
    project_medians: list[float]
    project_stories: list[int]
    high_bins: list[int]
    high_counts: list[int]
    low_bins: list[int]
    low_counts: list[int]
    pooled: dict[str, Any] | None

    def usual_costs(self) -> dict[UUID, float]:
        """Return each project's usual cost, which a few stories move little from the tenant's."""
        if self.median is None:
            return {}
        rows = zip(self.project_ids, self.project_medians, self.project_stories, strict=True)
        return {
            project: (stories * median + PSEUDO_STORIES * self.median) / (stories + PSEUDO_STORIES)
            for project, median, stories in rows
        }


@dataclass(frozen=True, slots=True)
class DayBaselined:
    """The baselines of one tenant's UTC day, or why there are none.

    Attributes:
        day: the UTC day.
        rule_of: the tenant's rule.
        baseline: the baselines; None if the tenant's rule is not calibrated, or on an archived day.
        archived: reports of the day were archived: what is stored stays as it is.
    """

    day: date
    rule_of: TenantRule
    baseline: DayBaseline | None = None
    archived: bool = False


def compute_baselines(
    connection: TenantConnection, unit: TenantDays, *, rule: AnomalyRule, pooled: PooledTails | None
) -> list[DayBaselined]:
    """Compute and store the baselines of these days.

    Args:
        connection: a transaction of the unit's tenant.
        unit: the tenant and days.
        rule: the operator's rule; the tenant's settings may change parts.
        pooled: the tails of all tenants before the unit. A day that was computed before keeps
            those that it was given then, so that computing it again gives the same.

    Returns:
        One entry for each day of the unit.

    Raises:
        psycopg.Error: the transaction is then to be rolled back.
    """
    with connection.pipeline():  # one round trip
        begin_writing_costs(connection, unit.tenant.id)
        rule_of = tenant_rule(connection, unit.tenant, rule)
    if not rule_of.rule.is_calibrated:
        return [DayBaselined(day, rule_of) for day in unit.days()]
    if rule_of.rule.days != rule.days:
        pooled = None
    live = unit.since(rule_of.since)
    days = {}
    for day in live.days() if live else ():
        one_day = TenantDays(unit.tenant, day, day)
        days[day] = _compute(connection, one_day, rule_of.rule, pooled)
    return [DayBaselined(d, rule_of, days.get(d), archived=d not in days) for d in unit.days()]


def _compute(
    connection: TenantConnection, unit: TenantDays, rule: AnomalyRule, pooled: PooledTails | None
) -> DayBaseline:
    history = _read_history(connection, unit, rule)
    if history.pooled:
        pooled = PooledTails.of_json(history.pooled)
    high = Tail.of(Bins.of(history.high_bins, history.high_counts))
    low = Tail.of(Bins.of(history.low_bins, history.low_counts).mirrored())
    free_share = history.free_stories / max(history.stories + history.free_stories, 1)
    baseline = DayBaseline(
        day=unit.first,
        stories=history.stories,
        usual=history.median,
        high=high_threshold(
            high, pooled.high if pooled else None, float(rule.high_budget), float(rule.high_factor)
        ),
        low=low_threshold(
            low, pooled.low if pooled else None, float(rule.low_budget), float(rule.low_factor)
        ),
        reports_free_stories=free_share * 1000 <= rule.low_budget,
        projects=history.usual_costs(),
    )
    (compared,) = compare_with_baselines(connection, unit, rule, [baseline], counted=True)
    stored = {
        "tenant_id": unit.tenant.id,
        "days": stored_days(rule),
        "free_stories": history.free_stories,
        "high_tail": Jsonb(high.as_json()),
        "low_tail": Jsonb(low.as_json()),
        "pooled": Jsonb(pooled.as_json()) if pooled else None,
        "free_stories_of_day": compared.free_stories,
        **_as_row(baseline),
        **_projects(baseline, history, compared),
        **_ratios(compared),
    }
    connection.execute(statement(__package__, "write_baselines"), stored, prepare=True)
    return baseline


def _read_history(connection: TenantConnection, unit: TenantDays, rule: AnomalyRule) -> History:
    parameters = {
        "tenant_id": unit.tenant.id,
        "day": unit.first,
        "history": HISTORY_DAYS,
        "days": stored_days(rule),
        "bin_width": BIN_WIDTH,
    }
    cursor = connection.cursor(row_factory=class_row(History))
    query = statement(__package__, "read_history")
    (history,) = cursor.execute(query, parameters, prepare=True).fetchall()
    return history


def _as_row(baseline: DayBaseline) -> dict[str, Any]:
    return {
        "day": baseline.day,
        "stories": baseline.stories,
        "usual": baseline.usual,
        "high_factor": baseline.high.factor,
        "high_source": baseline.high.source.value,
        "low_factor": baseline.low.factor,
        "low_source": baseline.low.source.value,
        "reports_free_stories": baseline.reports_free_stories,
    }


def _projects(
    baseline: DayBaseline, history: History, compared: ComparedWithBaselines
) -> dict[str, Any]:
    stories = dict(zip(history.project_ids, history.project_stories, strict=True))
    costs = {
        counted.project_id: counted for counted in compared.counted() if counted.kind == "cost"
    }
    nothing = CountedStories("cost", None, [], [])
    projects = sorted({*baseline.projects, *(project for project in costs if project is not None)})
    return {
        "project_id": projects,
        "projects": Jsonb(
            [
                {
                    "project_id": str(project),
                    "stories": stories.get(project, 0),
                    "usual": baseline.projects.get(project),
                    "cost_bins": costs.get(project, nothing).bins,
                    "cost_counts": costs.get(project, nothing).counts,
                }
                for project in projects
            ]
        ),
    }


def _ratios(compared: ComparedWithBaselines) -> dict[str, Sequence[int]]:
    found = {counted.kind: counted for counted in compared.counted() if counted.kind != "cost"}
    return {
        f"{kind}_{name}": getattr(found[kind], name) if kind in found else []
        for kind in ("high", "low")
        for name in ("bins", "counts")
    }
