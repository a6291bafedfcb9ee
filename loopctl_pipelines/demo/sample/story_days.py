"""Which stories a tenant works on during a UTC day, and what each of them costs that day."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from math import exp, sqrt
from typing import Final, Literal
from uuid import UUID

import numpy as np

from loopctl_pipelines.costs.display.money import MILLICENTS_PER_DOLLAR
from loopctl_pipelines.demo.sample.fitted import (
    CUT_AT_DEVIATIONS,
    STORY_COSTS,
    WITHIN_EPIC_DEVIATION,
)
from loopctl_pipelines.demo.sample.organizations import EpicPlan, Organization
from loopctl_pipelines.demo.sample.rows import AnomalyType, StoryRow
from loopctl_pipelines.demo.sample.seeds import MIDNIGHT, PLANTS, stream

_SATURDAY: Final = 5
_WEEKEND_SHARE: Final = 0.4
_FEWEST_STORIES, _MOST_STORIES = 4, 10
# With n stories no factor exceeds n: eight leave room above 3.0.
_STORIES_WITH_PLANT: Final = 8
# Stories that are open at a time; the window moves on by one every two days.
_OPEN_STORIES: Final = 14
# The biggest tenants, whose epics have enough stories also at weekends.
_TENANTS_WITH_PLANTS: Final = 6
_CHANCE_OF_ANOTHER: Final = 0.5

Midnight = Literal["up to", "from"]


@dataclass(frozen=True, slots=True)
class StoryDay:
    """What one story costs on one day.

    Attributes:
        cost: millicents.
        score: deviations from its model's mean logarithm, which its tokens and calls follow.
        midnight: at which end of the day its work goes on beyond midnight UTC, if at all.
    """

    story: StoryRow
    lead_model: str
    cost: float
    score: float
    midnight: Midnight | None = None
    planted: AnomalyType | None = None


def story_days(
    seed: int, organization: Organization, day: date, random: np.random.Generator
) -> list[StoryDay]:
    """Return the stories of a tenant's day; the same for the same `random`, day and seed."""
    crossing = list(_across_midnight(seed, organization, day))
    planted = _plants(seed, day).get(organization.place)
    found = list(crossing)
    taken = {worked.story.id for worked in crossing}
    for epic in _busy_epics(organization, day, random, at_least=1 if planted else 0):
        found += _epic_day(epic, day, random, taken, planted)
        planted = None
    return list(_with_plants(found, random))


def _plants(seed: int, day: date) -> dict[int, AnomalyType]:
    """Every day one or two expensive stories, every other day or so a cheap one."""
    random = stream(seed, PLANTS, day=day)
    kinds: list[AnomalyType] = ["high_cost"]
    if random.random() < _CHANCE_OF_ANOTHER:
        kinds.append("high_cost")
    if random.random() < _CHANCE_OF_ANOTHER:
        kinds.append("suspiciously_low")
    places = random.choice(_TENANTS_WITH_PLANTS, len(kinds), replace=False)
    return dict(zip(places.tolist(), kinds, strict=True))


def _busy_epics(
    organization: Organization, day: date, random: np.random.Generator, *, at_least: int
) -> list[EpicPlan]:
    share = _WEEKEND_SHARE if day.weekday() >= _SATURDAY else 1.0
    wanted = organization.profile.busy_epics * share * random.uniform(0.85, 1.15)
    count = int(wanted) + int(random.random() < wanted % 1)
    count = min(max(count, at_least), len(organization.epics))
    chosen = random.permutation(len(organization.epics))[:count]
    return [organization.epics[int(index)] for index in chosen]


def _epic_day(
    epic: EpicPlan,
    day: date,
    random: np.random.Generator,
    taken: set[UUID],
    planted: AnomalyType | None,
) -> Iterator[StoryDay]:
    first = day.toordinal() // 2
    window = [epic.stories[(first + step) % len(epic.stories)] for step in range(_OPEN_STORIES)]
    free = [story for story in window if story.id not in taken]
    count = int(random.integers(_FEWEST_STORIES, _MOST_STORIES + 1))
    count = max(count, _STORIES_WITH_PLANT) if planted else count
    for place, index in enumerate(random.permutation(len(free))[:count]):
        noise = float(np.clip(random.standard_normal(), -CUT_AT_DEVIATIONS, CUT_AT_DEVIATIONS))
        worked = _story_day(epic, free[int(index)], noise * WITHIN_EPIC_DEVIATION)
        yield replace(worked, planted=planted if place == 0 else None)


def _story_day(epic: EpicPlan, story: StoryRow, noise: float) -> StoryDay:
    fitted = STORY_COSTS[epic.lead_model]
    between = sqrt(fitted.deviation**2 - WITHIN_EPIC_DEVIATION**2)
    above_mean = epic.dearness * between + noise
    cost = exp(fitted.mean + above_mean) * MILLICENTS_PER_DOLLAR
    return StoryDay(story, epic.lead_model, cost, above_mean / fitted.deviation)


def _across_midnight(seed: int, organization: Organization, day: date) -> Iterator[StoryDay]:
    yield from _at_midnight(seed, organization, day, "from")
    yield from _at_midnight(seed, organization, day + timedelta(days=1), "up to")


def _at_midnight(
    seed: int, organization: Organization, begun: date, side: Midnight
) -> Iterator[StoryDay]:
    """Both days ask the same stream, the midnight's own, so neither needs the other."""
    random = stream(seed, MIDNIGHT, place=organization.place, day=begun)
    if not organization.epics or random.random() > organization.profile.busy_epics / 4:
        return
    epic = organization.epics[int(random.integers(len(organization.epics)))]
    first = begun.toordinal() // 2
    story = epic.stories[(first + int(random.integers(_OPEN_STORIES))) % len(epic.stories)]
    # each side costs about half a story, which is far from a tenth of the epic's average
    worked = _story_day(epic, story, 0.0)
    yield replace(worked, cost=worked.cost * random.uniform(0.5, 0.65), midnight=side)


def _with_plants(days: list[StoryDay], random: np.random.Generator) -> Iterator[StoryDay]:
    for worked in days:
        if worked.planted is None:
            yield worked
            continue
        others = [
            other.cost
            for other in days
            if other.story.epic_id == worked.story.epic_id and other is not worked
        ]
        yield replace(worked, cost=_deviating_cost(worked.planted, others, random))


def _deviating_cost(kind: AnomalyType, others: list[float], random: np.random.Generator) -> float:
    """Return the cost that is a chosen multiple of the average, which contains the cost itself."""
    stories = len(others) + 1
    if kind == "high_cost":
        factor = 3.0 + random.uniform(0.25, 0.45) * (stories - 3.0)
    else:
        factor = random.uniform(0.03, 0.06)
    return factor * sum(others) / (stories - factor)
