"""The statements agree with plain Python on drawn costs."""

import random
from collections import defaultdict
from collections.abc import Mapping
from math import exp, log
from statistics import median
from uuid import UUID

import pytest
from pydantic import TypeAdapter

from loopctl_pipelines.costs.anomalies.anomaly import Deviation
from loopctl_pipelines.costs.anomalies.stories_compared import compare_stories
from loopctl_pipelines.costs.baselines.comparison import compare_with_baselines
from loopctl_pipelines.costs.baselines.ratios import BIN_WIDTH
from loopctl_pipelines.costs.baselines.stored_baselines import DayBaseline, read_baselines
from loopctl_pipelines.costs.baselines.threshold import Source, Threshold
from loopctl_pipelines.database.connection import Database
from loopctl_pipelines_tests.costs.baselines.history import (
    CALIBRATED,
    FIRST,
    USUAL,
    baselined,
    nth,
    usual_days,
)
from loopctl_pipelines_tests.costs.runs import roll_up_all, unit
from loopctl_pipelines_tests.usage import Usage, id_of

HIGH, LOW = 3.0, 0.2
Found = dict[UUID, tuple[str, float]]


def drawn_epics() -> dict[str, dict[str, int]]:
    """Return epics of one to nine stories, some of which cost nothing or very much."""
    chance = random.Random(5)
    return {
        f"e{number}": {
            f"s{place}": chance.choice([0, 1, *[round(USUAL * exp(chance.gauss(0, 1.2)))] * 8])
            for place in range(1 + number % 9)
        }
        for number in range(40)
    }


def expected(epics: Mapping[str, Mapping[str, int]], usual: float | None) -> Found:
    """Return the anomaly type and the baseline's logarithm of the stories that deviate."""
    found: Found = {}
    for epic, costs in epics.items():
        for name, cost in costs.items():
            peers = [log(c) for other, c in costs.items() if other != name and c > 0]
            baseline = _baseline(peers, usual)
            if baseline is None:
                continue
            story = id_of("a", "story", epic, name)
            if cost > 0 and log(cost) - baseline > log(HIGH):
                found[story] = ("high_cost", baseline)
            elif usual is not None and cost < LOW * exp(usual):
                found[story] = ("suspiciously_low", usual)
    return found


def _baseline(peers: list[float], usual: float | None) -> float | None:
    if usual is None:
        return median(peers) if len(peers) >= 2 else None
    if not peers:
        return usual
    moved = min(max(median(peers), usual - log(2)), usual + log(2))
    return (len(peers) * moved + 8 * usual) / (len(peers) + 8)


@pytest.mark.parametrize("usual", [log(USUAL), log(USUAL) + 0.7, None])
def test_the_stories_that_deviate_are_those_of_plain_python(
    database: Database, usual: float | None
) -> None:
    epics, usage = drawn_epics(), Usage()
    for epic, costs in epics.items():
        for name, cost in costs.items():
            usage.report("a", FIRST, cost, story=name, epic=epic)
    usage.write(database)
    asked = unit("a", FIRST)
    roll_up_all(database, [asked])
    thresholds = (Threshold(HIGH, Source.TENANT), Threshold(LOW, Source.TENANT))
    baseline = DayBaseline(FIRST, 500, usual, *thresholds, reports_free_stories=True)
    with database.tenant_transaction(id_of("a")) as connection:
        (compared,) = compare_with_baselines(
            connection, asked, CALIBRATED, [baseline], counted=True
        )
    right = expected(epics, usual)
    deviations = TypeAdapter(list[Deviation]).validate_json(compared.deviations)
    found = {each.story_id: each for each in deviations}
    assert {story: each.anomaly_type for story, each in found.items()} == {
        story: kind for story, (kind, _) in right.items()
    }
    assert len(found) > 10
    for story, each in found.items():
        reference = exp(right[story][1])
        assert each.reference == pytest.approx(reference, abs=1.001)
        assert float(each.factor) == pytest.approx(each.cost / reference, abs=0.0051)
    counted = {each.kind: sum(each.counts) for each in compared.counted()}
    paid = sum(cost > 0 for costs in epics.values() for cost in costs.values())
    assert counted["cost"] == paid
    assert counted.get("low", 0) == (paid if usual is not None else 0)
    assert compared.free_stories == sum(len(costs) for costs in epics.values()) - paid


def test_the_usual_cost_is_the_median_of_the_days_before(database: Database) -> None:
    usage = usual_days(5)
    usage.write(database)
    costs = defaultdict(list)
    for report in usage.reports:
        costs[report.inserted_at.date()].append(log(report.cost_millicents))
    baselined(database, FIRST, nth(4))
    with database.tenant_transaction(id_of("a")) as connection:
        stored = {
            b.day: b for b in read_baselines(connection, unit("a", FIRST, nth(4)), CALIBRATED)
        }
        compared = compare_stories(connection, unit("a", nth(4)), CALIBRATED)
    for day in range(1, 5):
        before = [cost for d in range(day) for cost in costs[nth(d)]]
        assert stored[nth(day)].usual == pytest.approx(median(before), abs=BIN_WIDTH)
        assert stored[nth(day)].stories == len(before)
    assert compared[0].baseline == stored[nth(4)]
