"""Which story is an anomaly, and the factor that is stored."""

import pytest

from loopctl_pipelines.database.connection import Database
from loopctl_pipelines_tests.costs.anomalies.deviations import (
    NEXT,
    ONE_HIGH,
    anomalies,
    detected,
    figures,
    spend,
    story,
)


@pytest.mark.parametrize(
    "costs",
    [
        pytest.param((300, 34, 33, 33), id="exactly 3.0 times the average of 100"),
        pytest.param((10, 130, 130, 130), id="exactly 0.1 of the average of 100"),
        pytest.param((100, 100), id="the average itself"),
        pytest.param((1,), id="alone"),
        pytest.param((0, 0), id="an average of 0"),
        pytest.param((1, 0, 0), id="an average cut to 0"),
        pytest.param((-500, 100, 100), id="an average below 0"),
        pytest.param((-5, 205, 200, 200), id="a cost below 0"),
    ],
)
def test_no_anomaly(database: Database, costs: tuple[int, ...]) -> None:
    spend(database, costs)
    (day,) = detected(database)
    assert anomalies(database) == []
    assert (day.high_cost, day.suspiciously_low, day.opened, day.updated) == (0, 0, 0, 0)


@pytest.mark.parametrize(
    ("costs", "kind", "factor"),
    [
        pytest.param((300_001, 33_333, 33_333, 33_333), "high_cost", "3.00", id="3.00001"),
        pytest.param((250, 24, 23, 23), "high_cost", "3.13", id="3.125, half up"),
        pytest.param((9, 264, 264, 263), "suspiciously_low", "0.05", id="0.045, half up"),
        pytest.param((999, 13_000, 13_000, 13_001), "suspiciously_low", "0.10", id="0.0999"),
        pytest.param((0, 134, 133, 133), "suspiciously_low", "0.00", id="0"),
        pytest.param((1, 134, 133, 132), "suspiciously_low", "0.01", id="0.01"),
        pytest.param((2**62, 1, 1, 1), "high_cost", "4.00", id="beyond int4"),
    ],
)
def test_the_first_story_is_an_anomaly(
    database: Database, costs: tuple[int, ...], kind: str, factor: str
) -> None:
    spend(database, costs)
    detected(database)
    assert (story("s0"), kind, factor) in figures(database)
    (row,) = [row for row in anomalies(database) if row["story_id"] == story("s0")]
    assert row["story_cost_millicents"] == costs[0]
    assert row["reference_avg_millicents"] == sum(costs) // len(costs)


def test_the_average_is_the_stored_one_cut_to_whole_millicents(database: Database) -> None:
    spend(database, (100, 0, 0))
    (day,) = detected(database)
    assert figures(database)[0] == (story("s0"), "high_cost", "3.03")
    assert (day.high_cost, day.suspiciously_low, day.opened) == (1, 2, 3)
    assert (day.epics, day.blind_epics, day.stories) == (1, 1, 3)


def test_one_story_may_be_high_on_one_day_and_low_on_the_next(database: Database) -> None:
    spend(database, ONE_HIGH)
    detected(database)
    spend(database, (0, 250, 250, 250, 250), NEXT)
    detected(database, NEXT)
    assert figures(database) == [
        (story("s0"), "high_cost", "4.50"),
        (story("s0"), "suspiciously_low", "0.00"),
    ]
