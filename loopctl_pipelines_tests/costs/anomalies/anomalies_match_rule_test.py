"""The second look at the anomalies: what differs from the rule is found on the day it is of."""

from datetime import date
from functools import partial

import pytest

from loopctl_pipelines.anomaly_rule import AnomalyRule
from loopctl_pipelines.costs.anomalies.anomalies_match_rule import (
    AnomalyCheck,
    check_anomalies,
)
from loopctl_pipelines.costs.errors import CheckError
from loopctl_pipelines.costs.tenant_work.per_tenant import Landed, run_per_tenant
from loopctl_pipelines.database.connection import Database
from loopctl_pipelines_tests.costs.anomalies.deviations import (
    DAY,
    NEXT,
    ONE_HIGH,
    change,
    detected,
    spend,
    story,
)
from loopctl_pipelines_tests.costs.runs import physical_rows, roll_up_all, unit
from loopctl_pipelines_tests.usage import Usage, id_of

FOUND = "9000 millicents, 4.50 times 2000"
OF_THIS_DAY = "an anomaly of this day"


@pytest.fixture(autouse=True)
def one_anomaly(database: Database) -> None:
    """Have the detection find one anomaly, of two days."""
    for day in (DAY, NEXT):
        spend(database, ONE_HIGH, day)
    detected(database, DAY, NEXT)


def _rechecked(database: Database) -> list[AnomalyCheck]:
    """Look at each day by itself, as two runs do."""
    days: list[AnomalyCheck] = []
    for day in (DAY, NEXT):
        work = partial(check_anomalies, rule=AnomalyRule())
        (end,) = run_per_tenant(database, [unit("a", day)], work, CheckError)
        assert isinstance(end, Landed)
        days += end.days
    return days


def _told(database: Database) -> list[list[tuple[str | None, str | None]]]:
    found = _rechecked(database)
    for day in found:
        assert {(each.story_id, each.anomaly_type) for each in day.different} <= {
            (story(), "high_cost")
        }
    return [[(each.stored, each.should_be) for each in day.different] for day in found]


def test_what_the_detection_has_just_written_is_what_the_rule_finds(database: Database) -> None:
    before = physical_rows(database)
    assert _told(database) == [[], []]
    assert [day.stories for day in _rechecked(database)] == [5, 5]
    assert physical_rows(database) == before


def test_one_that_is_missing_is_found(database: Database) -> None:
    change(database, "DELETE FROM cost_anomalies")
    assert _told(database) == [[(None, FOUND)], [(None, FOUND)]]


def test_one_with_other_figures_is_found_on_the_day_that_it_has_them_of(
    database: Database,
) -> None:
    change(database, "UPDATE cost_anomalies SET story_cost_millicents = 9001")
    wrong = ("9001 millicents, 4.50 times 2000", FOUND)
    assert _told(database) == [[], [wrong]]


def test_one_that_lacks_a_day_is_found_on_that_day(database: Database) -> None:
    change(database, """UPDATE cost_anomalies SET metadata = metadata || '{"earlier": []}'""")
    assert _told(database) == [[(None, OF_THIS_DAY)], []]


def test_one_that_no_longer_holds_is_found_on_the_day_that_changed(database: Database) -> None:
    spend(database, (250,) * 5, DAY)
    assert _told(database) == [[(OF_THIS_DAY, None)], []]
    spend(database, (250,) * 5, NEXT)
    assert _told(database) == [[(OF_THIS_DAY, None)], [(FOUND, None)]]


def test_one_whose_latest_day_no_longer_holds_is_found_on_that_day(database: Database) -> None:
    spend(database, (250,) * 5, NEXT)
    assert _told(database) == [[], [(OF_THIS_DAY, None)]]


def test_what_a_person_has_resolved_is_not_missed(database: Database) -> None:
    change(database, "UPDATE cost_anomalies SET resolved = true")
    assert _told(database) == [[], []]


def _mark(database: Database, day: date) -> None:
    """Mark the epic's summary of the day, as loopctl does with a delete."""
    change(
        database,
        f"UPDATE cost_summaries SET stale = true WHERE scope_id = '{id_of('a', 'epic', 'e')}'"  # noqa: S608
        f" AND period_start = '{day}'",
    )


def test_of_an_epic_that_is_marked_nothing_is_told_and_of_the_others_all(
    database: Database,
) -> None:
    usage = Usage()
    for n in range(len(ONE_HIGH)):
        usage.story("a", f"s{n}")
    for n, cost in enumerate(ONE_HIGH):
        usage.report("a", DAY, cost, story=f"t{n}", epic="f")
    usage.write(database)
    roll_up_all(database, [unit("a", DAY)])
    detected(database)
    change(database, "DELETE FROM cost_anomalies")
    _mark(database, DAY)
    first, second = _rechecked(database)
    assert first.stale_epics == 1
    assert [each.story_id for each in first.different] == [id_of("a", "story", "f", "t0")]
    assert (second.stale_epics, [each.story_id for each in second.different]) == (0, [story()])


@pytest.mark.parametrize(
    "edit",
    [
        "DELETE FROM cost_anomalies",
        "UPDATE cost_anomalies SET story_cost_millicents = 9001",
        """UPDATE cost_anomalies SET metadata = metadata || '{"earlier": []}'""",
    ],
)
def test_whatever_differs_it_is_not_told_of_an_epic_that_is_marked(
    edit: str, database: Database
) -> None:
    change(database, edit)
    for day in (DAY, NEXT):
        _mark(database, day)
    assert _told(database) == [[], []]


def test_an_epic_whose_reports_are_all_deleted_is_marked_as_well(database: Database) -> None:
    change(database, "UPDATE token_usage_reports SET deleted_at = now()")
    assert _told(database) == [[(OF_THIS_DAY, None)], [(FOUND, None)]]
    for day in (DAY, NEXT):
        _mark(database, day)
    assert _told(database) == [[], []]


@pytest.mark.parametrize("days", [1, 2])
def test_days_that_a_marked_one_is_added_to_wait_for_it_too(days: int, database: Database) -> None:
    change(database, "DELETE FROM cost_anomalies")
    _mark(database, DAY)
    work = partial(check_anomalies, rule=AnomalyRule(days=days))
    (end,) = run_per_tenant(database, [unit("a", NEXT)], work, CheckError)
    assert isinstance(end, Landed)
    assert [(day.stale_epics, len(day.different)) for day in end.days] == (
        [(0, 1)] if days == 1 else [(1, 0)]
    )
