"""Histories that tell little: the outcome of each, with the calibrated rule."""

from dataclasses import replace
from datetime import date

import pytest

from loopctl_pipelines.anomaly_rule import AnomalyRule
from loopctl_pipelines.costs.baselines.threshold import Source
from loopctl_pipelines.database.connection import Database
from loopctl_pipelines_tests.costs.anomalies.deviations import anomalies, detected
from loopctl_pipelines_tests.costs.baselines.history import (
    CALIBRATED,
    FIRST,
    USUAL,
    baselined,
    nth,
    spend_on,
    usual_days,
)
from loopctl_pipelines_tests.costs.runs import roll_up_all, unit
from loopctl_pipelines_tests.usage import Usage, id_of


def reported(database: Database, day: date, rule: AnomalyRule = CALIBRATED) -> dict[str, str]:
    """Detect the day's anomalies; return type and reason by the story's name on the day."""
    detected(database, day, rule=rule)
    names = {
        id_of("a", "story", f"of {day}", f"{day}{name}"): name for name in ("x", "y", "z", "free")
    }
    return {
        names.get(row["story_id"], "another"): f"{row['anomaly_type']} {row['metadata']['reason']}"
        for row in anomalies(database)
        if row["metadata"]["period"] == str(day) and not row["resolved"]
    }


def test_a_tenant_of_one_story_is_compared_with_that_story_by_the_fixed_factor(
    database: Database,
) -> None:
    usage = Usage()
    spend_on(usage, FIRST, {"x": USUAL})
    spend_on(usage, nth(1), {"x": 10 * USUAL})
    usage.write(database)
    first, second = baselined(database, FIRST, nth(1))
    assert first.baseline
    assert second.baseline
    assert (first.baseline.usual, second.baseline.stories) == (None, 1)
    assert reported(database, FIRST) == {}
    assert reported(database, nth(1)) == {
        "x": "high_cost above 3.0 times: the fixed factor, as long as the history is short"
    }


def test_where_every_story_is_free_nothing_is_compared(database: Database) -> None:
    usage = Usage()
    for day in range(3):
        spend_on(usage, nth(day), {"x": 0, "y": 0, "z": 0})
    usage.write(database)
    days = baselined(database, FIRST, nth(2))
    assert [day.baseline.usual for day in days if day.baseline] == [None] * 3
    (done,) = detected(database, nth(2), rule=CALIBRATED)
    assert (done.stories, done.blind_epics, done.epics) == (0, 1, 1)
    assert reported(database, nth(2)) == {}


@pytest.mark.parametrize(("free_before", "found"), [(0, {"free"}), (10, set())])
def test_a_free_story_is_suspicious_where_such_are_rare(
    database: Database, free_before: int, found: set[str]
) -> None:
    usage = usual_days(6)
    for number in range(free_before):
        usage.report("a", nth(2), 0, story=f"free{number}")
    spend_on(usage, nth(6), {"free": 0, "x": USUAL})
    usage.write(database)
    baselined(database, FIRST, nth(6))
    assert set(reported(database, nth(6))) == found


def test_where_all_costs_were_equal_twice_as_much_is_reported_and_less_is_not(
    database: Database,
) -> None:
    usage = Usage()
    for day in range(6):
        for number in range(20):
            usage.report("a", nth(day), USUAL, story=f"{day}s{number}", epic=f"e{number % 4}")
    spend_on(usage, nth(6), {"x": 19 * USUAL // 10, "y": 23 * USUAL // 10, "z": 4 * USUAL // 10})
    usage.write(database)
    baselined(database, FIRST, nth(6))
    assert {name: text.split(":")[0] for name, text in reported(database, nth(6)).items()} == {
        "y": "high_cost above 2.0 times",
        "z": "suspiciously_low below 0.50 times",
    }


def test_days_without_usage_leave_a_gap_and_what_is_older_than_30_days_does_not_count(
    database: Database,
) -> None:
    usage = usual_days(2)
    usage.reports = [
        replace(row, inserted_at=row.inserted_at.replace(day=15))
        if row.inserted_at.date() == nth(1)
        else row
        for row in usage.reports
    ]
    usage.write(database)
    days = {day.day: day.baseline for day in baselined(database, FIRST, nth(50))}
    stories = {n: day.stories for n in (1, 14, 15, 30, 31, 44, 45) if (day := days[nth(n)])}
    assert stories == {1: 20, 14: 20, 15: 40, 30: 40, 31: 20, 44: 20, 45: 0}
    last = days[nth(45)]
    assert last
    assert (last.usual, last.high.source) == (None, Source.FIXED)


def test_a_model_with_another_name_changes_nothing(database: Database) -> None:
    usage = usual_days(7)
    usage.reports = [
        replace(row, model_name="renamed") if row.inserted_at.date() >= nth(4) else row
        for row in usage.reports
    ]
    spend_on(usage, nth(7), {"x": 12 * USUAL, "y": USUAL})
    usage.write(database)
    baselined(database, FIRST, nth(7))
    assert set(reported(database, nth(7))) == {"x"}


def test_a_runaway_among_100_000_stories_of_one_epic_is_found(database: Database) -> None:
    usage = usual_days(6)
    spend_on(usage, nth(6), {"x": 60 * USUAL})
    usage.write(database)
    with database.tenant_transaction(id_of("a")) as connection:
        connection.execute(
            "INSERT INTO stories (id, tenant_id, project_id, epic_id, number, title, inserted_at,"
            " updated_at) SELECT md5(n::text)::uuid, tenant_id, project_id, epic_id, n::text,"
            " 'many', inserted_at, updated_at FROM stories, generate_series(1, 99999) AS n"
            " WHERE stories.id = %s",
            [id_of("a", "story", f"of {nth(6)}", f"{nth(6)}x")],
        )
        connection.execute(
            "INSERT INTO token_usage_reports (id, tenant_id, story_id, agent_id, project_id,"
            " input_tokens, output_tokens, model_name, cost_millicents, phase, inserted_at,"
            " updated_at) SELECT id, tenant_id, id, %s, project_id, 0, 0, 'm',"
            " 5000 + 10000 * ('x' || left(id::text, 4))::bit(16)::integer / 65536, 'other', %s, %s"
            " FROM stories WHERE title = 'many'",
            [id_of("a", "agent", "a"), nth(6), nth(6)],
        )
    *_, last = baselined(database, FIRST, nth(6))
    assert last.baseline
    assert last.baseline.stories == 120
    (done,) = detected(database, nth(6), rule=CALIBRATED)
    assert (done.stories, done.high_cost) == (100_000, 1)
    roll_up_all(database, [unit("a", nth(7))])
    (after,) = baselined(database, nth(7))
    assert after.baseline
    assert after.baseline.stories == 100_120
