"""Reports of one tenant and UTC day: each story's work in pieces, with deletions, corrections."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import count
from math import ceil, exp, sqrt
from typing import Final
from uuid import UUID

import numpy as np

from loopctl_pipelines.demo.sample.fitted import (
    CALL_COST_DEVIATION,
    INPUT_PRICES,
    STORY_CALLS,
    STORY_INPUT_TOKENS,
    STORY_OUTPUT_TOKENS,
    Lognormal,
)
from loopctl_pipelines.demo.sample.organizations import Organization
from loopctl_pipelines.demo.sample.rows import PlantedAnomaly, ReportRow
from loopctl_pipelines.demo.sample.seeds import DAY, row_id, stream
from loopctl_pipelines.demo.sample.story_days import StoryDay, story_days

_CALLS_PER_REPORT: Final = 5.3
_LEAD_MODEL_SHARE: Final = 0.7
# Up to this share of a story's pieces, in the order of time, an agent plans, implements, reviews.
_PHASES: Final = ((0.16, "planning"), (0.76, "implementing"), (0.94, "reviewing"), (1.01, "other"))
_SENT_TWICE: Final = 0.012
_SENT_TWICE_AND_CORRECTED: Final = 0.3
_CORRECTED: Final = 0.008
# of a price of one dollar per million tokens
_MILLICENTS_PER_TOKEN: Final = 0.1
_HOUR: Final = 3600.0
_DAY_SECONDS: Final = 24 * _HOUR


def day_reports(
    seed: int, organization: Organization, day: date
) -> tuple[list[ReportRow], list[PlantedAnomaly]]:
    """Return a tenant's reports of one UTC day and the anomalies planted among them."""
    random = stream(seed, DAY, place=organization.place, day=day)
    slug = organization.profile.slug
    ids = (row_id(seed, f"{slug}/{day}/report/{number}") for number in count())
    reports: list[ReportRow] = []
    planted: list[PlantedAnomaly] = []
    for worked in story_days(seed, organization, day, random):
        reports += _work(worked, organization, day, random, ids)
        if worked.planted:
            planted.append(PlantedAnomaly(slug, day, worked.story.id, worked.planted))
    return reports, planted


def _work(
    worked: StoryDay,
    organization: Organization,
    day: date,
    random: np.random.Generator,
    ids: Iterator[UUID],
) -> Iterator[ReportRow]:
    share = 0.5 if worked.midnight else 1.0
    calls = max(2, round(share * _following(STORY_CALLS, worked, random)))
    pieces = max(2, round(calls / _CALLS_PER_REPORT))
    weights = random.lognormal(0, CALL_COST_DEVIATION / sqrt(_CALLS_PER_REPORT), pieces)
    weights /= weights.sum()
    input_tokens = share * _following(STORY_INPUT_TOKENS, worked, random)
    output_tokens = share * _following(STORY_OUTPUT_TOKENS, worked, random)
    times = _times(worked, day, pieces, random)
    for piece, (weight, at) in enumerate(zip(weights.tolist(), times, strict=True)):
        agent = organization.agents[int(random.integers(len(organization.agents)))]
        model = _model(worked, organization, random)
        cost = round(worked.cost * weight)
        report = ReportRow(
            id=next(ids),
            tenant_id=worked.story.tenant_id,
            story_id=worked.story.id,
            agent_id=agent.id,
            project_id=worked.story.project_id,
            input_tokens=max(round(input_tokens * weight), _fewest_tokens(model, cost)),
            output_tokens=round(output_tokens * weight),
            model_name=model,
            cost_millicents=cost,
            phase=_phase((piece + random.random()) / pieces),
            tool_call_count=max(1, round(calls * weight)),
            inserted_at=at,
        )
        yield report
        if worked.planted is None:
            yield from _afterwards(report, random, ids)


def _fewest_tokens(model: str, cost: int) -> int:
    """Return how many input tokens cost so many millicents: no report is above the list price."""
    return ceil(cost / (INPUT_PRICES[model] * _MILLICENTS_PER_TOKEN))


def _following(fitted: Lognormal, worked: StoryDay, random: np.random.Generator) -> float:
    own = sqrt(1 - fitted.correlation**2) * random.standard_normal()
    deviations = fitted.correlation * worked.score + own
    return exp(fitted.mean + fitted.deviation * deviations)


def _model(worked: StoryDay, organization: Organization, random: np.random.Generator) -> str:
    if random.random() < _LEAD_MODEL_SHARE:
        return worked.lead_model
    return organization.models[int(random.integers(len(organization.models)))]


def _phase(position: float) -> str:
    return next(phase for end, phase in _PHASES if position < end)


def _times(worked: StoryDay, day: date, pieces: int, random: np.random.Generator) -> list[datetime]:
    """Return naive UTC times within the day, in order; work across midnight reaches its end."""
    length = random.uniform(0.4 * _HOUR, 3.5 * _HOUR)
    begin = random.triangular(1 * _HOUR, 13 * _HOUR, 20 * _HOUR)
    if worked.midnight:
        length = random.uniform(0.3 * _HOUR, 0.9 * _HOUR)
        begin = 0.0 if worked.midnight == "from" else _DAY_SECONDS - length
    seconds = np.sort(random.uniform(begin, begin + length, pieces))
    midnight = datetime.combine(day, time(), UTC).replace(tzinfo=None)
    return [
        # a fraction that rounds up to the next day would move the report there
        midnight + timedelta(microseconds=min(int(second * 1e6), 86_399_999_999))
        for second in seconds.tolist()
    ]


def _afterwards(
    report: ReportRow, random: np.random.Generator, ids: Iterator[UUID]
) -> Iterator[ReportRow]:
    """Sent twice and one of them deleted, or corrected: what a story costs changes little.

    Everything happens before the day is over, so that the day's rows need no other day.
    """
    chance = random.random()
    if chance < _SENT_TWICE:
        twice = replace(report, id=next(ids), deleted_at=_later(report.inserted_at, random))
        yield twice
        if random.random() < _SENT_TWICE_AND_CORRECTED:
            yield _correction(twice, 0.5, random, ids)
    elif chance < _SENT_TWICE + _CORRECTED:
        yield _correction(report, random.uniform(0.1, 0.6), random, ids)


def _correction(
    original: ReportRow, share: float, random: np.random.Generator, ids: Iterator[UUID]
) -> ReportRow:
    at = _later(original.inserted_at, random)
    return replace(
        original,
        id=next(ids),
        input_tokens=-round(original.input_tokens * share),
        output_tokens=-round(original.output_tokens * share),
        cost_millicents=-round(original.cost_millicents * share),
        tool_call_count=0,
        inserted_at=at,
        deleted_at=None,
        corrects_report_id=original.id,
    )


def _later(at: datetime, random: np.random.Generator) -> datetime:
    rest = datetime.combine(at.date(), time.max) - at
    return at + rest * random.random()
