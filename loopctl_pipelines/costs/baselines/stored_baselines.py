"""The baselines of a tenant's days: what a comparison needs to know of the days before."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from math import log
from typing import Any, Final
from uuid import UUID

from psycopg.rows import dict_row

from loopctl_pipelines.anomaly_rule import LIFETIME, AnomalyRule
from loopctl_pipelines.costs.baselines.threshold import Source, Threshold
from loopctl_pipelines.costs.planning.tenant_days import TenantDays
from loopctl_pipelines.database.connection import TenantConnection
from loopctl_pipelines.database.statements import statement

_NAMED: Final = {
    Source.TENANT: "what {share} % of this tenant's stories {verb}",
    Source.ALL_TENANTS: "what {share} % of all tenants' stories {verb}",
    Source.FIXED: "the fixed factor, as long as the history is short",
}


@dataclass(frozen=True, slots=True)
class DayBaseline:
    """The baselines of one tenant's UTC day. Logarithms are natural ones of millicents.

    Attributes:
        day: the UTC day.
        stories: stories of the days before it that they rest on.
        usual: logarithm of the tenant's usual cost; None without a history.
        high: the threshold of high costs.
        low: the threshold of low costs.
        reports_free_stories: a story without cost is suspicious: fewer are than the budget allows.
        projects: logarithm of the usual cost of a project's stories.
    """

    day: date
    stories: int
    usual: float | None
    high: Threshold
    low: Threshold
    reports_free_stories: bool
    projects: dict[UUID, float] = field(default_factory=dict)

    def explained(self, anomaly_type: str, rule: AnomalyRule) -> dict[str, str]:
        """Return an anomaly's threshold and where it comes from, for its metadata."""
        if anomaly_type == "high_cost":
            return _explained("above", "exceed", self.high, float(rule.high_budget))
        return _explained("below", "stay below", self.low, float(rule.low_budget))


def stored_days(rule: AnomalyRule) -> int:
    """Return how the tables name the days that a story's cost adds up: 0 is its lifetime."""
    return 0 if rule.days == LIFETIME else rule.days


def delete_baselines(connection: TenantConnection, tenant_id: UUID) -> None:
    """Delete all baselines of a tenant, one that loopctl has deleted."""
    connection.execute(statement(__package__, "delete_baselines"), {"tenant_id": tenant_id})


def read_baselines(
    connection: TenantConnection, unit: TenantDays, rule: AnomalyRule
) -> list[DayBaseline]:
    """Return the stored baselines of these days; a day that was never computed has none."""
    cursor = connection.cursor(row_factory=dict_row)
    parameters = {
        "tenant_id": unit.tenant.id,
        "first": unit.first,
        "end": unit.end,
        "days": stored_days(rule),
    }
    rows = cursor.execute(statement(__package__, "read_baselines"), parameters, prepare=True)
    return [_of_row(row) for row in rows]


def as_arrays(baselines: Sequence[DayBaseline]) -> dict[str, list[Any]]:
    """Return the parameters of compare_with_baselines.sql that describe the baselines."""
    projects = [
        (baseline.day, project, usual)
        for baseline in baselines
        for project, usual in baseline.projects.items()
    ]
    return {
        "day": [baseline.day for baseline in baselines],
        "usual": [baseline.usual for baseline in baselines],
        "high": [log(baseline.high.factor) for baseline in baselines],
        "low": [
            log(baseline.low.factor) if baseline.low.factor else float("-inf")
            for baseline in baselines
        ],
        "reports_free": [baseline.reports_free_stories for baseline in baselines],
        "project_day": [day for day, _, _ in projects],
        "project_id": [project for _, project, _ in projects],
        "project_usual": [usual for _, _, usual in projects],
    }


def _of_row(row: dict[str, Any]) -> DayBaseline:
    return DayBaseline(
        day=row["day"],
        stories=row["stories"],
        usual=row["usual"],
        high=Threshold(row["high_factor"], Source(row["high_source"])),
        low=Threshold(row["low_factor"], Source(row["low_source"])),
        reports_free_stories=row["reports_free_stories"],
        projects=dict(zip(row["project_ids"], row["project_usuals"], strict=True)),
    )


def _explained(side: str, verb: str, threshold: Threshold, budget: float) -> dict[str, str]:
    why = _NAMED[threshold.source].format(share=f"{budget / 10:g}", verb=verb)
    digits = ".1f" if threshold.factor >= 1 else ".2f"
    return {
        "threshold": f"{threshold.factor:.2f}",
        "reason": f"{side} {threshold.factor:{digits}} times: {why}",
    }
