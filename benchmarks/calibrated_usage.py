"""Writes tenants' histories into a database, and asks the project's statements what they find."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime, time, timedelta
from typing import Any, Final
from uuid import UUID, uuid5

import psycopg

from benchmarks.tenant_histories import HISTORY_DAYS, History, StoryCost
from loopctl_pipelines.anomaly_rule import AnomalyRule, RuleKind
from loopctl_pipelines.costs.anomalies.stories_compared import compare_stories
from loopctl_pipelines.costs.baselines.computing import compute_baselines
from loopctl_pipelines.costs.baselines.pooled import PooledTails
from loopctl_pipelines.costs.planning.tenant_days import TenantDays
from loopctl_pipelines.costs.summaries.rollup import roll_up
from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.demo.fill import fill
from loopctl_pipelines.demo.sample.rows import (
    AgentRow,
    EpicRow,
    ProjectRow,
    ReportRow,
    Sample,
    StoryRow,
    TenantRow,
)
from loopctl_pipelines.tenants.tenant import Tenant

CALIBRATED: Final = AnomalyRule(rule=RuleKind.CALIBRATED)
_FIRST: Final = date(2026, 4, 1)
_THEN: Final = datetime(2026, 3, 1)  # noqa: DTZ001 - loopctl's timestamps have no zone
_NAMESPACE: Final = UUID("0b8a0f35-92ab-4b8f-9f05-b7a2fd0e6c55")
_BOTH: Final = (False, True)
_TAILS: Final = """
    SELECT tenant_id, high_tail, low_tail FROM loopctl_pipelines.cost_baselines WHERE day = %s
"""


@dataclass(frozen=True, slots=True)
class Reported:
    """What a rule reports of a scored day's story.

    Attributes:
        kind: the anomaly; None: none.
        swamped: it is reported as low, and would not be without the outliers of the day.
    """

    kind: str | None
    swamped: bool


class CalibratedUsage:
    """Each tenant twice: with the outliers, and without those of the scored days."""

    def __init__(self, url: str, histories: Sequence[History]) -> None:
        """Write the tenants into an upgraded database without any, and compute their baselines."""
        self._database = Database(url, "loopctl_app")
        self._histories = histories
        fill(self._database, _together([_sample(h, real=r) for h in histories for r in _BOTH]))
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("ANALYZE")
        self._compute(0, HISTORY_DAYS, {})
        with psycopg.connect(url) as connection:
            tails = connection.execute(_TAILS, [_day(HISTORY_DAYS)]).fetchall()
        known = {tenant: (high, low) for tenant, high, low in tails}
        others = {
            history.tenant: _pooled(
                [known[_tenant(each, real=False).id] for each in histories if each is not history]
            )
            for history in histories
        }
        self._compute(HISTORY_DAYS, len(histories[0].days) - 1, others)

    def reported(
        self, rule: AnomalyRule = CALIBRATED
    ) -> Iterator[tuple[History, int, StoryCost, Reported]]:
        """Yield what the rule reports of each story of the scored days.

        With other budgets, the baselines are computed again; they keep their pool.
        """
        if rule.is_calibrated and rule != self._computed:
            self._compute(HISTORY_DAYS, len(self._histories[0].days) - 1, {}, rule)
        for history in self._histories:
            planted, real = (self._kinds(history, rule, real=real) for real in _BOTH)
            for day in range(HISTORY_DAYS, len(history.days)):
                for place, story in enumerate(history.days[day]):
                    kind = planted.get((day, place))
                    low = kind == "suspiciously_low" and story.label is None
                    swamped = low and real.get((day, place)) != kind
                    yield history, day, story, Reported(kind, swamped)

    def close(self) -> None:
        """Close the connections."""
        self._database.close()

    def _compute(
        self,
        first: int,
        last: int,
        pooled: Mapping[str, PooledTails],
        rule: AnomalyRule = CALIBRATED,
    ) -> None:
        self._computed = rule
        for history in self._histories:
            for real in _BOTH:
                unit = TenantDays(_tenant(history, real=real), _day(first), _day(last))
                with self._database.tenant_transaction(unit.tenant.id) as connection:
                    roll_up(connection, unit)
                    compute_baselines(
                        connection, unit, rule=rule, pooled=pooled.get(history.tenant)
                    )

    def _kinds(
        self, history: History, rule: AnomalyRule, *, real: bool
    ) -> dict[tuple[int, int], str]:
        tenant = _tenant(history, real=real)
        places = {
            _story(tenant, day, place): (day, place)
            for day in range(HISTORY_DAYS, len(history.days))
            for place in range(len(history.days[day]))
        }
        unit = TenantDays(tenant, _day(HISTORY_DAYS), _day(len(history.days) - 1))
        with self._database.tenant_transaction(tenant.id) as connection:
            compared = compare_stories(connection, unit, rule)
        return {
            places[found.story_id]: found.anomaly_type for day in compared for found in day.found()
        }


def _pooled(tails: Sequence[tuple[dict[str, Any], dict[str, Any]]]) -> PooledTails:
    """Add up the tails of the other tenants, as pooled_tails.sql does of all."""
    rows = []
    for place, kind in enumerate(("high", "low")):
        of_kind = [both[place] for both in tails]
        stories = sum(tail["stories"] for tail in of_kind)
        spreads = sorted(tail["spread"] for tail in of_kind)
        above = [sum(counts) for counts in zip(*(t["above"] for t in of_kind), strict=True)]
        shares = [number / stories for number in above]
        rows.append((kind, stories, spreads[len(spreads) // 2], shares))
    pooled = PooledTails.of_rows(rows)
    if pooled is None:
        raise ValueError("A pool needs another tenant.")
    return pooled


def _day(number: int) -> date:
    return _FIRST + timedelta(days=number)


def _tenant(history: History, *, real: bool) -> Tenant:
    name = f"{history.tenant}{', real' if real else ''}"
    return Tenant(uuid5(_NAMESPACE, name), str(uuid5(_NAMESPACE, name)), name, "active")


def _story(tenant: Tenant, day: int, place: int) -> UUID:
    return uuid5(tenant.id, f"story {day} {place}")


def _together(samples: Sequence[Sample]) -> Sample:
    """Return one sample of them all: a database takes one."""
    return Sample(
        **{
            part.name: tuple(row for sample in samples for row in getattr(sample, part.name))
            for part in fields(Sample)
        }
    )


def _sample(history: History, *, real: bool) -> Sample:
    tenant = _tenant(history, real=real)
    agent = uuid5(tenant.id, "agent")
    stories, reports, epics = [], [], {}
    for day, of_day in enumerate(history.days):
        for place, cost in enumerate(of_day):
            project = uuid5(tenant.id, f"project {cost.project}")
            epic = uuid5(tenant.id, f"epic {cost.project} {cost.epic}")
            epics[epic] = (project, cost.epic)
            story, number = _story(tenant, day, place), f"{day}.{place}"
            stories.append(
                StoryRow(story, tenant.id, project, epic, number, number, agent, place, _THEN)
            )
            is_real = real and day >= HISTORY_DAYS
            at = datetime.combine(_day(day), time(12))
            spent = cost.real if is_real else cost.planted
            reports.append(_report(tenant, story, project, agent, at, spent))
    projects = {project for project, _ in epics.values()}
    email = f"{tenant.slug}@example.org"
    return Sample(
        tenants=(TenantRow(tenant.id, tenant.slug, tenant.slug, "active", email, _THEN),),
        agents=(AgentRow(agent, tenant.id, "agent", "implementer", _THEN),),
        projects=tuple(
            ProjectRow(project, tenant.id, str(project), str(project), _THEN)
            for project in projects
        ),
        epics=tuple(
            EpicRow(epic, tenant.id, project, number, name, _THEN)
            for number, (epic, (project, name)) in enumerate(epics.items())
        ),
        stories=tuple(stories),
        reports=tuple(reports),
        planted=(),
    )


def _report(  # noqa: PLR0913, PLR0917 - a report has many parts
    tenant: Tenant, story: UUID, project: UUID, agent: UUID, at: datetime, cost: int
) -> ReportRow:
    return ReportRow(
        id=uuid5(story, "report"),
        tenant_id=tenant.id,
        story_id=story,
        agent_id=agent,
        project_id=project,
        input_tokens=0,
        output_tokens=0,
        model_name="model",
        cost_millicents=cost,
        phase="implementing",
        tool_call_count=1,
        inserted_at=at,
    )
