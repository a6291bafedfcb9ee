"""Writes labelled epics into a database, and asks the project's statements what they find."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final
from uuid import UUID, uuid5

import psycopg

from benchmarks.planted_outliers import Trial
from loopctl_pipelines.anomaly_rule import AnomalyRule
from loopctl_pipelines.costs.anomalies.stories_compared import compare_stories
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

_FIRST: Final = date(2026, 4, 1)
_APART: Final = timedelta(days=31)
"""Between the days without and with outliers: more than a rule may add up."""
_THEN: Final = datetime(2026, 3, 1)  # noqa: DTZ001 - loopctl's timestamps have no zone
_NAMESPACE: Final = UUID("2f4c9b5e-9f0d-4f3e-8f45-6a4f0f2f5c11")
_TENANT: Final = Tenant(uuid5(_NAMESPACE, "tenant"), "labelled", "labelled", "active")
_PROJECT: Final = uuid5(_NAMESPACE, "project")
_AGENT: Final = uuid5(_NAMESPACE, "agent")

Reported = set[tuple[UUID, str]]
"""Stories and the kind they are reported as."""


@dataclass(frozen=True, slots=True)
class Score:
    """What a rule found in some trials.

    Attributes:
        planted: outliers planted.
        found: of these, those that were reported as what they are.
        false: stories reported that were not made an outlier.
        swamped: of these, those reported as low only because of the outlier beside them.
        stories: stories that were not made an outlier.
        epics: the trials.
    """

    planted: int
    found: int
    false: int
    swamped: int
    stories: int
    epics: int

    @property
    def recall(self) -> float:
        """Share of the planted outliers that was found."""
        return self.found / self.planted if self.planted else 1.0

    @property
    def precision(self) -> float:
        """Share of what was reported that was planted."""
        reported = self.found + self.false
        return self.found / reported if reported else 1.0


class LabelledUsage:
    """Trials in a database, rolled up: each epic as it was, and a month later with outliers."""

    def __init__(self, url: str, trials: Sequence[Trial]) -> None:
        """Write the trials into an upgraded database without tenants."""
        self._database = Database(url, "loopctl_app")
        self._trials = trials
        days = 1 + max(day for trial in trials for costs in trial.planted for day in costs)
        self._last = _FIRST + timedelta(days=days - 1)
        fill(self._database, _sample(trials))
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("ANALYZE")
        for first in (_FIRST, _FIRST + _APART):
            unit = TenantDays(_TENANT, first, first + timedelta(days=days - 1))
            with self._database.tenant_transaction(_TENANT.id) as connection:
                roll_up(connection, unit)

    def score(self, rule: AnomalyRule) -> list[tuple[Trial, Score]]:
        """Return what the rule makes of the last day of every trial."""
        before, after = (self._reported(rule, day) for day in (self._last, self._last + _APART))
        return [
            (trial, _score(number, trial, before, after))
            for number, trial in enumerate(self._trials)
        ]

    def close(self) -> None:
        """Close the connections."""
        self._database.close()

    def _reported(self, rule: AnomalyRule, day: date) -> Reported:
        with self._database.tenant_transaction(_TENANT.id) as connection:
            (compared,) = compare_stories(connection, TenantDays(_TENANT, day, day), rule)
        return {(found.story_id, found.anomaly_type) for found in compared.found()}


def total(scores: Sequence[Score]) -> Score:
    """Add scores up."""
    return Score(
        planted=sum(score.planted for score in scores),
        found=sum(score.found for score in scores),
        false=sum(score.false for score in scores),
        swamped=sum(score.swamped for score in scores),
        stories=sum(score.stories for score in scores),
        epics=len(scores),
    )


def _score(number: int, trial: Trial, before: Reported, after: Reported) -> Score:
    found: Counter[str] = Counter()
    for place in range(len(trial.planted)):
        story, label = _story(number, place), trial.labels.get(place)
        kinds = {kind for kind in ("high_cost", "suspiciously_low") if (story, kind) in after}
        low = (story, "suspiciously_low")
        found["found"] += label in kinds
        found["false"] += label is None and bool(kinds)
        found["swamped"] += label is None and low in after and low not in before
    labelled = len(trial.labels)
    return Score(
        labelled, found["found"], found["false"], found["swamped"], len(trial.planted) - labelled, 1
    )


def _story(number: int, place: int) -> UUID:
    return uuid5(_NAMESPACE, f"story {number} {place}")


def _sample(trials: Sequence[Trial]) -> Sample:
    email = "labelled@example.org"
    return Sample(
        tenants=(TenantRow(_TENANT.id, "labelled", "labelled", "active", email, _THEN),),
        agents=(AgentRow(_AGENT, _TENANT.id, "agent", "implementer", _THEN),),
        projects=(ProjectRow(_PROJECT, _TENANT.id, "labelled", "labelled", _THEN),),
        epics=tuple(
            EpicRow(_epic(number), _TENANT.id, _PROJECT, number, trial.name, _THEN)
            for number, trial in enumerate(trials)
        ),
        stories=tuple(_stories(trials)),
        reports=tuple(_reports(trials)),
        planted=(),
    )


def _epic(number: int) -> UUID:
    return uuid5(_NAMESPACE, f"epic {number}")


def _stories(trials: Sequence[Trial]) -> Iterator[StoryRow]:
    for number, trial in enumerate(trials):
        for place in range(len(trial.planted)):
            yield StoryRow(
                _story(number, place),
                _TENANT.id,
                _PROJECT,
                _epic(number),
                f"{number}.{place}",
                trial.name,
                _AGENT,
                place,
                _THEN,
            )


def _reports(trials: Sequence[Trial]) -> Iterator[ReportRow]:
    for number, trial in enumerate(trials):
        for first, stories in ((_FIRST, trial.real), (_FIRST + _APART, trial.planted)):
            for place, days in enumerate(stories):
                for day, cost in days.items():
                    at = datetime.combine(first + timedelta(days=day), time(12))
                    yield ReportRow(
                        id=uuid5(_NAMESPACE, f"report {number} {place} {at}"),
                        tenant_id=_TENANT.id,
                        story_id=_story(number, place),
                        agent_id=_AGENT,
                        project_id=_PROJECT,
                        input_tokens=0,
                        output_tokens=0,
                        model_name="model",
                        cost_millicents=cost,
                        phase="implementing",
                        tool_call_count=1,
                        inserted_at=at,
                    )
