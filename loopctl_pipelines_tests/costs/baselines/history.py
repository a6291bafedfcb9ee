"""A tenant whose stories have cost about the same for some days."""

import random
from collections.abc import Mapping
from datetime import date, timedelta
from math import exp

from loopctl_pipelines.anomaly_rule import AnomalyRule, RuleKind
from loopctl_pipelines.costs.baselines.computing import DayBaselined, compute_baselines
from loopctl_pipelines.costs.baselines.pooled import PooledTails
from loopctl_pipelines.costs.errors import BaselineError
from loopctl_pipelines.costs.planning.tenant_days import TenantDays
from loopctl_pipelines.costs.tenant_work.per_tenant import Landed, run_per_tenant
from loopctl_pipelines.database.connection import Database, TenantConnection
from loopctl_pipelines_tests.costs.runs import roll_up_all, unit
from loopctl_pipelines_tests.usage import Usage

FIRST = date(2026, 4, 1)
CALIBRATED = AnomalyRule(rule=RuleKind.CALIBRATED)
USUAL = 10_000
"""Millicents that a story costs by the median."""


def usual_days(days: int, stories: int = 20, slug: str = "a") -> Usage:
    """Return days of a tenant whose stories differ as real ones do; the same ones every time."""
    chance, usage = random.Random(days), Usage()
    for day in range(days):
        for number in range(stories):
            cost = round(USUAL * exp(chance.gauss(0, 0.6)))
            usage.report(slug, nth(day), cost, story=f"d{day}s{number}", epic=f"e{number % 4}")
    return usage


def spend_on(usage: Usage, day: date, costs: Mapping[str, int], slug: str = "a") -> None:
    """Add stories of one epic, which is new on each day."""
    for name, cost in costs.items():
        usage.report(slug, day, cost, story=f"{day}{name}", epic=f"of {day}")


def nth(day: int) -> date:
    """Return the day with this number, 0 being the first."""
    return FIRST + timedelta(days=day)


def baselined(
    database: Database,
    first: date,
    last: date | None = None,
    rule: AnomalyRule = CALIBRATED,
    pooled: PooledTails | None = None,
) -> list[DayBaselined]:
    """Roll up tenant a's days and compute their baselines; nothing may fail."""
    asked = unit("a", first, last)
    roll_up_all(database, [asked])

    def work(connection: TenantConnection, each: TenantDays) -> list[DayBaselined]:
        return compute_baselines(connection, each, rule=rule, pooled=pooled)

    (ended,) = run_per_tenant(database, [asked], work, BaselineError)
    assert isinstance(ended, Landed), ended.error
    return ended.days
