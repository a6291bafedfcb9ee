"""What each baseline finds, what it is blind to, and the limits around it."""

from decimal import Decimal

import pytest

from loopctl_pipelines.anomaly_rule import AnomalyRule, Baseline
from loopctl_pipelines.database.connection import Database
from loopctl_pipelines_tests.costs.anomalies.deviations import (
    DAY,
    NEXT,
    ONE_HIGH,
    anomalies,
    detected,
    figures,
    spend,
    story,
)
from loopctl_pipelines_tests.usage import Usage

PEER_AVERAGE = AnomalyRule(baseline=Baseline.PEER_AVERAGE)
PEER_MEDIAN = AnomalyRule(baseline=Baseline.PEER_MEDIAN)


@pytest.mark.parametrize("stories", range(3, 11))
def test_the_epic_average_finds_one_story_of_k_times_its_peers_only_beyond_a_limit(
    database: Database, stories: int
) -> None:
    # with the story in the mean, 3.0 is reached if k > 3 (n - 1) / (n - 3): never for n <= 3
    peers = [100 * stories * max(stories - 3, 1)] * (stories - 1)
    at_the_limit = 300 * stories * (stories - 1)
    spend(database, [at_the_limit, *peers])
    (at_limit,) = detected(database)
    spend(database, [at_the_limit + stories, *peers])
    (beyond,) = detected(database)
    assert at_limit.high_cost == 0
    assert beyond.high_cost == (1 if stories > 3 else 0)
    assert beyond.blind_epics == (0 if stories > 3 else 1)


@pytest.mark.parametrize("stories", range(3, 11))
def test_the_epic_average_swamps_the_siblings_of_a_giant(database: Database, stories: int) -> None:
    spend(database, [100 * (9 * stories + 1) + 100, *[100] * (stories - 1)])
    (done,) = detected(database)
    assert done.suspiciously_low == stories - 1


@pytest.mark.parametrize("rule", [PEER_AVERAGE, PEER_MEDIAN])
@pytest.mark.parametrize("stories", range(2, 11))
def test_both_peer_baselines_find_one_story_of_four_times_its_peers(
    database: Database, stories: int, rule: AnomalyRule
) -> None:
    spend(database, [400, *[100] * (stories - 1)])
    (done,) = detected(database, rule=rule)
    assert (done.high_cost, done.suspiciously_low, done.blind_epics) == (1, 0, 0)
    (row,) = anomalies(database)
    assert (row["story_id"], str(row["deviation_factor"])) == (story(), "4.00")
    assert row["reference_avg_millicents"] == 100
    assert row["metadata"]["baseline"] == rule.baseline.value


def test_only_the_median_spares_the_siblings_of_a_giant(database: Database) -> None:
    spend(database, [10_000, *[100] * 4])
    assert detected(database, rule=PEER_AVERAGE)[0].suspiciously_low == 4
    assert detected(database, rule=PEER_MEDIAN)[0].suspiciously_low == 0
    assert figures(database) == [(story(), "high_cost", "100.00")]


def test_only_the_median_finds_two_giants_at_once(database: Database) -> None:
    spend(database, [1000, 1000, *[100] * 3])
    assert detected(database, rule=PEER_AVERAGE)[0].high_cost == 2
    spend(database, [1000, 1000, *[100] * 2])
    assert detected(database, rule=PEER_AVERAGE)[0].high_cost == 0
    assert detected(database, rule=PEER_MEDIAN)[0].high_cost == 2


@pytest.mark.parametrize(
    ("rule", "costs", "high"),
    [
        pytest.param(PEER_AVERAGE, (300, 100, 100), False, id="exactly 3.0 times"),
        pytest.param(PEER_AVERAGE, (500, 166, 167), True, id="3.003 times an average of 166.5"),
        pytest.param(PEER_AVERAGE, (2, 1, 0), True, id="4 times an average of half a millicent"),
        pytest.param(PEER_MEDIAN, (303, 101, 100), True, id="3.015 times a median of 100.5"),
        pytest.param(PEER_MEDIAN, (302, 101, 100), True, id="3.005 times it"),
        pytest.param(PEER_MEDIAN, (301, 101, 100), False, id="2.995 times it"),
        pytest.param(PEER_MEDIAN, (2**62, 2**61, 2**61 - 1), False, id="beyond int8"),
    ],
)
def test_a_comparison_with_the_peers_is_exact(
    database: Database, rule: AnomalyRule, costs: tuple[int, ...], *, high: bool
) -> None:
    spend(database, costs)
    detected(database, rule=rule)
    assert ((story(), "high_cost") in {row[:2] for row in figures(database)}) is high


@pytest.mark.parametrize("rule", [PEER_AVERAGE, PEER_MEDIAN])
@pytest.mark.parametrize(
    "costs",
    [
        pytest.param((100,), id="no peer"),
        pytest.param((0, 0, 0), id="nothing cost anything"),
        pytest.param((-100, -100, -100), id="nothing but corrections"),
    ],
)
def test_an_epic_in_which_there_is_nothing_to_compare_with_is_blind(
    database: Database, rule: AnomalyRule, costs: tuple[int, ...]
) -> None:
    spend(database, costs)
    (done,) = detected(database, rule=rule)
    assert (done.epics, done.blind_epics, done.stories) == (1, 1, 0)
    assert anomalies(database) == []


def test_a_story_beside_free_ones_has_no_factor_and_is_not_reported(database: Database) -> None:
    spend(database, (1000, 0, 0))
    (done,) = detected(database, rule=PEER_AVERAGE)
    assert (done.high_cost, done.suspiciously_low, done.blind_epics) == (0, 2, 0)


def test_factors_are_the_rules(database: Database) -> None:
    spend(database, (150, 100, 100, 60))
    rule = AnomalyRule(
        baseline=Baseline.PEER_MEDIAN, high_factor=Decimal("1.4"), low_factor=Decimal("0.7")
    )
    (done,) = detected(database, rule=rule)
    assert (done.high_cost, done.suspiciously_low) == (1, 1)


def test_an_epic_with_fewer_stories_than_the_minimum_is_not_compared(database: Database) -> None:
    spend(database, (400, 100, 100))
    rule = PEER_MEDIAN.model_copy(update={"minimum_stories": 4})
    (done,) = detected(database, rule=rule)
    assert (done.high_cost, done.epics, done.blind_epics, done.stories) == (0, 1, 1, 0)
    spend(database, (400, 100, 100, 100))
    assert detected(database, rule=rule)[0].high_cost == 1


@pytest.mark.parametrize(("floor", "high", "low"), [(900, 1, 0), (901, 0, 0), (96, 1, 1)])
def test_a_deviation_of_less_money_than_the_floor_is_not_reported(
    database: Database, floor: int, high: int, low: int
) -> None:
    spend(database, (1000, 100, 100, 100, 4))
    rule = PEER_MEDIAN.model_copy(update={"floor_millicents": floor})
    (done,) = detected(database, rule=rule)
    assert (done.high_cost, done.suspiciously_low) == (high, low)


def test_with_more_days_a_small_follow_up_is_not_low_and_spread_overspend_is_high(
    database: Database,
) -> None:
    spend(database, (1000, 1000, 300, 300, 300, 300, 300))
    spend(database, (5, 1000, 300, 300, 300, 300, 300), NEXT)
    two_days = PEER_MEDIAN.model_copy(update={"days": 2})
    assert detected(database, NEXT, rule=PEER_MEDIAN)[0].suspiciously_low == 1
    assert detected(database, NEXT, rule=two_days)[0].suspiciously_low == 0
    (high,) = figures(database)
    assert high == (story("s1"), "high_cost", "3.33")


def test_with_more_days_a_day_compared_again_takes_those_after_it_along(
    database: Database,
) -> None:
    two_days = PEER_MEDIAN.model_copy(update={"days": 2})
    spend(database, ONE_HIGH)
    spend(database, (250, 250, 250, 250, 250), NEXT)
    detected(database, DAY, NEXT, rule=two_days)
    assert [row["metadata"]["earlier"] for row in anomalies(database)] == [[str(DAY)]]
    spend(database, (250, 250, 250, 250, 250))
    (done,) = detected(database, rule=two_days)
    assert done.resolved == 1


def test_a_story_of_another_tenants_epic_is_compared_with_none(database: Database) -> None:
    usage = Usage()
    for n in range(3):
        usage.report("b", DAY, 100, story=f"s{n}")
    usage.report("a", DAY, 900)
    usage.write(database)
    with database.operator_transaction() as connection:
        connection.execute(
            "UPDATE token_usage_reports SET story_id = %s WHERE cost_millicents = 900",
            [next(row.story_id for row in usage.reports)],
        )
    (done,) = detected(database, rule=PEER_MEDIAN)
    assert (done.epics, done.unsummarized_epics, done.stories) == (0, 0, 0)
