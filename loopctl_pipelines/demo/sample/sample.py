"""The sample: twelve tenants and their token usage, the same for the same seed and days."""

from datetime import date, timedelta
from itertools import chain

from loopctl_pipelines.demo.sample.budgets import budgets
from loopctl_pipelines.demo.sample.day_reports import day_reports
from loopctl_pipelines.demo.sample.organizations import organizations
from loopctl_pipelines.demo.sample.rows import PlantedAnomaly, ReportRow, Sample


def generate(seed: int = 7, *, last_day: date, days: int = 30) -> Sample:
    """Return tenants, what they own, and about 1,670 reports a day, fewer at weekends.

    A day's rows depend on the seed and the day only: a later `last_day` or more `days` add rows
    and change none. Tenants, agents, projects, epics and stories do not depend on the days at
    all. Costs, tokens and calls of a story follow distributions fitted to real usage (`fitted`).
    Every day has a few stories that cost far more or less than the others of their epic.

    Args:
        seed: 0 or more; another seed gives other tenants' ids.
        last_day: last UTC day with reports.
        days: number of days, 1 or more.

    Raises:
        ValueError: if the seed is negative.
    """
    reports: list[ReportRow] = []
    planted: list[PlantedAnomaly] = []
    owners = organizations(seed)
    for back in range(days - 1, -1, -1):
        for owner in owners:
            rows, anomalies = day_reports(seed, owner, last_day - timedelta(days=back))
            reports += rows
            planted += anomalies
    return Sample(
        tenants=tuple(owner.row for owner in owners),
        agents=tuple(chain.from_iterable(owner.agents for owner in owners)),
        projects=tuple(chain.from_iterable(owner.projects for owner in owners)),
        epics=tuple(epic.row for owner in owners for epic in owner.epics),
        stories=tuple(
            chain.from_iterable(epic.stories for owner in owners for epic in owner.epics)
        ),
        reports=tuple(reports),
        planted=tuple(planted),
        budgets=budgets(seed, owners),
    )
