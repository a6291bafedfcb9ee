"""Tenants with a history of real task costs, and planted outliers on known days. Pure."""

import csv
import gzip
import random
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Final

from benchmarks.planted_outliers import PLANTS, Kind, Plant

HISTORY_DAYS: Final = 30
"""Days without a score, on which the baselines of the scored days rest."""

SCORED_DAYS: Final = 10

_SEED: Final = 20260402
_RATE: Final = 0.03
_MOST_PER_DAY: Final = 24
_LEAST_TASKS: Final = 200
_TOGETHER: Final = (Decimal(10),) * 3
_LEAST_TOGETHER: Final = 5
_MILLICENTS_PER_DOLLAR: Final = 100_000
_SINGLE: Final[Sequence[Plant]] = [plant for plant in PLANTS if len(plant.factors) == 1]


@dataclass(frozen=True, slots=True)
class StoryCost:
    """What a story cost on its day, and what it was made to cost.

    Attributes:
        project: the benchmark that the task is from.
        epic: its repository.
        real: millicents.
        planted: the same, or more or less.
        plant: what was planted; None: nothing.
        label: the kind of outlier that it was made; None: none.
    """

    project: str
    epic: str
    real: int
    planted: int
    plant: str | None = None
    label: Kind | None = None

    def times(self, plant: str, factor: Decimal) -> "StoryCost":
        """Return it as an outlier."""
        kind: Kind = "high_cost" if factor > 1 else "suspiciously_low"
        return replace(self, planted=max(1, int(self.real * factor)), plant=plant, label=kind)


@dataclass(frozen=True, slots=True)
class History:
    """A tenant: an agent with one model, and its stories by day, no task twice."""

    tenant: str
    days: Sequence[Sequence[StoryCost]]

    def epic_sizes(self, day: int) -> Mapping[tuple[str, str], int]:
        """Return how many stories each epic has on a day."""
        return Counter((story.project, story.epic) for story in self.days[day])


def read_histories(file: Path, layout: int = 0) -> list[History]:
    """Return a tenant for each agent and model with enough tasks, with 3 % of outliers planted.

    Args:
        file: the tasks.
        layout: which days they come on, and which of them are made outliers.
    """
    tasks: defaultdict[str, list[StoryCost]] = defaultdict(list)
    with gzip.open(file, "rt", encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            cost = int(Decimal(row["cost_usd"] or 0) * _MILLICENTS_PER_DOLLAR)
            if row["epic"] and cost > 0:
                story = StoryCost(row["benchmark"], row["epic"], cost, cost)
                tasks[f"{row['agent']}, {row['model']}"].append(story)
    return [
        _history(tenant, stories, layout)
        for tenant, stories in sorted(tasks.items())
        if len(stories) >= _LEAST_TASKS
    ]


def with_several_at_once(history: History) -> History:
    """Return it with three runaways in one epic of each scored day, and no other outlier there."""
    days = list(history.days)
    for number in range(HISTORY_DAYS, len(days)):
        stories = [replace(s, planted=s.real, plant=None, label=None) for s in days[number]]
        epic, size = max(Counter((s.project, s.epic) for s in stories).items(), key=_by_size)
        if size >= _LEAST_TOGETHER:
            places = [n for n, s in enumerate(stories) if (s.project, s.epic) == epic]
            for place, factor in zip(places, _TOGETHER, strict=False):
                stories[place] = stories[place].times("three runaways x10", factor)
        days[number] = stories
    return History(history.tenant, days)


def _by_size(item: tuple[tuple[str, str], int]) -> tuple[int, tuple[str, str]]:
    return item[1], item[0]


def _history(tenant: str, stories: list[StoryCost], layout: int) -> History:
    chance = random.Random(f"{_SEED + layout} {tenant}")
    chance.shuffle(stories)
    per_day = min(_MOST_PER_DAY, len(stories) // (HISTORY_DAYS + SCORED_DAYS))
    planted = _with_outliers(chance, stories)
    days = [[next(planted) for _ in range(per_day)] for _ in range(HISTORY_DAYS + SCORED_DAYS)]
    return History(tenant, days)


def _with_outliers(chance: random.Random, stories: Sequence[StoryCost]) -> Iterator[StoryCost]:
    for story in stories:
        plant = chance.choice(_SINGLE)
        if chance.random() < _RATE:
            yield story.times(plant.name, plant.factors[0])
        else:
            yield story
