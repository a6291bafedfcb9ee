"""What the other stories of an anomaly's epic cost, as it is read for a plot."""

from datetime import date
from decimal import Decimal
from itertools import pairwise
from uuid import UUID

import pytest

from loopctl_pipelines.anomaly_rule import AnomalyRule
from loopctl_pipelines.costs.display.compared_story import MOST_SHOWN, ComparedStory
from loopctl_pipelines.costs.display.stored_costs import daily_model_costs
from loopctl_pipelines.costs.display.stored_story import anomaly_details
from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.tenants.tenant import Tenant
from loopctl_pipelines_tests.costs.anomalies.deviations import (
    DAY,
    NEXT,
    ONE_HIGH,
    anomalies,
    change,
    detected,
    spend,
)
from loopctl_pipelines_tests.costs.runs import roll_up_all, unit
from loopctl_pipelines_tests.usage import Usage, id_of

_TENANT = Tenant(id_of("a"), "a", "a", "active")


def _compared(database: Database, rule: AnomalyRule | None = None) -> ComparedStory:
    (row,) = anomalies(database)
    found = anomaly_details(database, _TENANT, UUID(str(row["id"])), rule or AnomalyRule())
    assert found
    return found[1]


def test_a_story_is_shown_beside_the_others_of_its_epic_on_its_day(database: Database) -> None:
    spend(database, ONE_HIGH)
    spend(database, (7, 7), NEXT)
    usage = Usage()
    usage.report("a", DAY, 5_000, epic="another", story="elsewhere")
    detected(database)
    story = _compared(database)
    assert (story.cost, list(story.peers), story.others) == (9000, [250, 250, 250, 250], 4)
    assert (story.reference, story.factor, story.threshold) == (2000, Decimal("3.0"), 6000)


def test_the_days_of_the_rule_are_added_up(database: Database) -> None:
    rule = AnomalyRule(days=2)
    spend(database, (9000, 300, 300, 300, 300))
    spend(database, (1, 50, 50, 50, 50), NEXT)
    detected(database, DAY, NEXT, rule)
    assert list(_compared(database, rule).peers) == [350, 350, 350, 350]


def test_the_threshold_is_the_one_that_the_anomaly_names(database: Database) -> None:
    spend(database, ONE_HIGH)
    detected(database)
    change(database, """UPDATE cost_anomalies SET metadata = metadata || '{"threshold": "4.25"}'""")
    assert _compared(database).factor == Decimal("4.25")


@pytest.mark.parametrize("metadata", ['{"period": "z"}', "[]", "null"])
def test_an_anomaly_that_names_no_day_is_shown_alone(database: Database, metadata: str) -> None:
    spend(database, ONE_HIGH)
    detected(database)
    change(database, f"UPDATE cost_anomalies SET metadata = '{metadata}'")  # noqa: S608
    assert (list(_compared(database).peers), _compared(database).others) == ([], 0)


def test_of_very_many_stories_evenly_many_are_read(database: Database) -> None:
    others = [1_000 + n for n in range(MOST_SHOWN + 500)]
    spend(database, (9_000_000, *others))
    detected(database)
    story = _compared(database)
    assert story.others == len(others)
    assert MOST_SHOWN - 2 <= len(story.peers) <= MOST_SHOWN
    assert (story.peers[0], story.peers[-1]) == (others[0], others[-1])
    steps = {b - a for a, b in pairwise(story.peers)}
    assert steps <= {1, 2}


def test_the_models_of_a_day_add_up_to_its_cost(database: Database) -> None:
    usage = Usage()
    day = date(2026, 4, 1)
    for model, cost in (("m1", 10), ("m1", 5), ("m2", 20), ("m2", -3)):
        usage.report("a", day, cost, model=model, phase="planning" if cost == 5 else "other")
    usage.write(database)
    roll_up_all(database, [unit("a", day)])
    found = daily_model_costs(database, unit("a", day))
    assert found == {"m1": {day: Decimal(15)}, "m2": {day: Decimal(17)}}
