"""Epics of real task costs with outliers planted in them: labelled data for the detection. Pure."""

import csv
import gzip
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from statistics import median
from typing import Final, Literal

Kind = Literal["high_cost", "suspiciously_low"]

SIZES: Final = (2, 3, 4, 5, 6, 7, 8, 9, 10, 15, 20, 30)
"""Stories in an epic."""

_SEED: Final = 20260402
_DAYS: Final = 5
_MILLICENTS_PER_DOLLAR: Final = 100_000
_HIGH: Final[Kind] = "high_cost"
_LOW: Final[Kind] = "suspiciously_low"


@dataclass(frozen=True, slots=True)
class Plant:
    """What is planted in an epic: a factor for each of some stories.

    Attributes:
        name: as the tables have it.
        factors: above 1 a runaway, below 1 skipped work.
        of_peers: times the median of the other stories, not times what the story really cost.
    """

    name: str
    factors: tuple[Decimal, ...]
    of_peers: bool = False


PLANTS: Final = (
    *(Plant(f"runaway x{k}", (Decimal(k),)) for k in (3, 4, 5, 10, 20, 50)),
    *(Plant(f"skipped x{k}", (Decimal(k),)) for k in ("0.01", "0.03", "0.1")),
    Plant("two runaways x10", (Decimal(10),) * 2),
    Plant("three runaways x10", (Decimal(10),) * 3),
    Plant("runaway x20 and skipped x0.03", (Decimal(20), Decimal("0.03"))),
)
FOUR_TIMES_ITS_PEERS: Final = Plant("4 times the peers' median", (Decimal(4),), of_peers=True)


@dataclass(frozen=True, slots=True)
class Trial:
    """An epic: what its stories really cost, and what they cost with the outliers.

    Attributes:
        name: what was planted.
        real: millicents of each story by day, 0 being the first.
        planted: the same with the outliers.
        labels: the kind of each story that was made an outlier, by its place.
    """

    name: str
    real: Sequence[Mapping[int, int]]
    planted: Sequence[Mapping[int, int]]
    labels: Mapping[int, Kind]


def read_costs(file: Path) -> list[list[int]]:
    """Return the costs (millicents) of each agent's tasks, by repository.

    A group is one run of an agent over one repository of a benchmark: the same agent and model, so
    its tasks are peers. Tasks without a cost or a repository are left out.
    """
    groups: dict[tuple[str, str, str], list[int]] = {}
    with gzip.open(file, "rt", encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            cost = int(Decimal(row["cost_usd"] or 0) * _MILLICENTS_PER_DOLLAR)
            if row["epic"] and cost > 0:
                groups.setdefault((row["run"], row["benchmark"], row["epic"]), []).append(cost)
    return list(groups.values())


def multiples_of_median(groups: Sequence[Sequence[int]]) -> list[float]:
    """Return each cost in multiples of the median of its group, of groups of three and more."""
    return [
        cost / usual
        for group in groups
        if len(group) > 2
        for usual in (median(group),)
        for cost in group
    ]


def trials(groups: Sequence[Sequence[int]], plants: Sequence[Plant], each: int) -> Iterator[Trial]:
    """Yield `each` trials of every plant and size of epic; the same ones every time.

    An epic in which fewer than two stories would stay as they are is none, unless it has two.
    """
    chance = random.Random(_SEED)
    for plant in plants:
        for size in SIZES:
            if size - len(plant.factors) >= min(2, size - 1):
                for real in _samples(chance, groups, size, each):
                    yield _planted(plant, real)


def trials_over_days(groups: Sequence[Sequence[int]], each: int) -> Iterator[Trial]:
    """Yield epics of eight stories in which one takes all of five days, or comes back on the last.

    The first is an outlier that costs no more than the others on any day; the second is none.
    """
    chance = random.Random(_SEED)
    for real in _samples(chance, groups, 8, each):
        days = [{chance.randrange(_DAYS): cost} for cost in real]
        days[1] = {_DAYS - 1: real[1]}
        slow = [dict.fromkeys(range(_DAYS), real[0]), *days[1:]]
        yield Trial("takes five days at the cost of one", days, slow, {0: _HIGH})
        back = [{0: real[0], _DAYS - 1: real[0] // 50}, *days[1:]]
        yield Trial("comes back for a fiftieth", days, back, {})


def _samples(
    chance: random.Random, groups: Sequence[Sequence[int]], size: int, each: int
) -> Iterator[list[int]]:
    fitting = [group for group in groups if len(group) >= size]
    for _ in range(each):
        yield chance.sample(chance.choice(fitting), size)


def _planted(plant: Plant, real: Sequence[int]) -> Trial:
    planted, labels = list(real), {}
    for place, factor in enumerate(plant.factors):
        usual = Decimal(median(real[1:])) if plant.of_peers else Decimal(real[place])
        planted[place] = int(usual * factor)
        labels[place] = _HIGH if factor > 1 else _LOW
    return Trial(plant.name, [{0: cost} for cost in real], [{0: cost} for cost in planted], labels)
