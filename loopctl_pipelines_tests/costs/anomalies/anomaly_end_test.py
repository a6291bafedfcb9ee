"""How an anomaly ends, what comes after it, and what an archived one does not swallow."""

from datetime import date, timedelta

import pytest

from loopctl_pipelines.anomaly_rule import AnomalyRule
from loopctl_pipelines.database.connection import Database
from loopctl_pipelines_tests.costs.anomalies.deviations import (
    DAY,
    NEXT,
    ONE_HIGH,
    anomalies,
    audited,
    change,
    detected,
    figures,
    spend,
    story,
)
from loopctl_pipelines_tests.costs.runs import physical_rows, roll_up_all, unit
from loopctl_pipelines_tests.usage import Usage, id_of

EVEN = (250, 250, 250, 250, 250)
LATER = NEXT + timedelta(days=1)
RESOLVE = "UPDATE cost_anomalies SET resolved = true WHERE NOT resolved"
ARCHIVE = "UPDATE cost_anomalies SET archived = true"


@pytest.fixture(autouse=True)
def one_anomaly(database: Database) -> None:
    """Have the detection find one anomaly on the day."""
    spend(database, ONE_HIGH)
    detected(database)


def _actions(database: Database) -> list[str]:
    return [row["action"] for row in audited(database)]


def _days(database: Database) -> list[tuple[str, list[str]]]:
    """Return period and earlier days of the open anomalies."""
    return [
        (row["metadata"]["period"], row["metadata"]["earlier"])
        for row in anomalies(database)
        if not row["resolved"]
    ]


def test_one_that_no_longer_deviates_is_resolved_by_the_system_with_an_audit_row(
    database: Database,
) -> None:
    spend(database, EVEN)
    (done,) = detected(database)
    assert (done.opened, done.updated, done.resolved) == (0, 0, 1)
    (row,) = anomalies(database)
    assert row["resolved"]
    assert row["metadata"]["resolution"] == "no_longer_deviates"
    assert row["story_cost_millicents"] == 9000
    _, entry = audited(database)
    assert entry["xmin"] == row["xmin"]
    wanted = {
        "tenant_id": id_of("a"),
        "entity_type": "cost_anomaly",
        "entity_id": row["id"],
        "action": "resolved",
        "actor_type": "system",
        "actor_id": None,
        "actor_label": None,
        "old_state": {"resolved": False},
        "new_state": {"resolved": True},
    }
    assert {name: entry[name] for name in wanted} == wanted
    assert entry["metadata"]["resolution"] == "no_longer_deviates"


def test_one_whose_reports_are_all_deleted_is_resolved(database: Database) -> None:
    spend(database, ())
    (done,) = detected(database)
    assert (done.epics, done.resolved) == (0, 1)
    assert figures(database) == []


def test_one_that_the_system_resolved_is_reported_when_the_story_deviates_again(
    database: Database,
) -> None:
    spend(database, EVEN)
    detected(database)
    spend(database, ONE_HIGH)
    (done,) = detected(database)
    assert (done.opened, done.resolved) == (1, 0)
    assert _actions(database) == ["detected", "resolved", "detected"]


def test_one_whose_day_lost_its_summaries_is_neither_confirmed_nor_resolved(
    database: Database,
) -> None:
    change(database, "DELETE FROM cost_summaries")
    before = physical_rows(database)
    (done,) = detected(database)
    assert (done.epics, done.unsummarized_epics, done.resolved) == (0, 1, 0)
    assert physical_rows(database) == before


def test_one_of_the_reference_is_not_resolved_because_nobody_knows_its_day(
    database: Database,
) -> None:
    change(database, "UPDATE cost_anomalies SET metadata = '{}'")
    spend(database, EVEN)
    (done,) = detected(database)
    assert done.resolved == 0
    assert figures(database) == [(story(), "high_cost", "4.50")]


def test_what_somebody_wrote_into_the_metadata_does_no_harm(database: Database) -> None:
    change(database, """UPDATE cost_anomalies SET metadata = '{"period": "z", "earlier": 7}'""")
    (done,) = detected(database)
    assert done.updated == 1
    assert _days(database) == [(str(DAY), [])]


@pytest.mark.parametrize("metadata", ["[]", "7", "null", '["period"]', '"period"'])
def test_metadata_that_are_no_object_are_replaced_once(database: Database, metadata: str) -> None:
    change(database, f"UPDATE cost_anomalies SET metadata = '{metadata}'")  # noqa: S608
    assert [detected(database)[0].updated for _ in range(2)] == [1, 0]
    assert _days(database) == [(str(DAY), [])]


def test_one_whose_latest_day_is_no_day_is_resolved_all_the_same(database: Database) -> None:
    change(
        database,
        "UPDATE cost_anomalies SET metadata = jsonb_build_object("
        "'period', 'z', 'earlier', jsonb_build_array(metadata -> 'period'))",
    )
    spend(database, EVEN)
    assert detected(database)[0].resolved == 1
    assert figures(database) == []


def test_an_anomaly_remembers_the_earlier_days_on_which_its_story_deviated(
    database: Database,
) -> None:
    spend(database, ONE_HIGH, LATER)
    spend(database, ONE_HIGH, NEXT)
    detected(database, LATER)
    detected(database, NEXT)
    assert _days(database) == [(str(LATER), [str(DAY), str(NEXT)])]
    assert len(audited(database)) == 1


def test_when_the_latest_day_is_corrected_an_anomaly_falls_back_to_the_day_before(
    database: Database,
) -> None:
    spend(database, (16000, 1000, 1000, 1000, 1000), NEXT)
    detected(database, NEXT)
    spend(database, EVEN, NEXT)
    (done,) = detected(database, NEXT)
    assert (done.updated, done.resolved) == (1, 0)
    assert _days(database) == [(str(DAY), [])]
    assert figures(database) == [(story(), "high_cost", "4.50")]
    assert _actions(database) == ["detected"]


def test_it_falls_back_as_far_as_it_must(database: Database) -> None:
    for day in (NEXT, LATER):
        spend(database, ONE_HIGH, day)
        detected(database, day)
    for day in (DAY, NEXT, LATER):
        spend(database, EVEN, day)
    (done,) = detected(database, LATER)
    assert done.resolved == 1
    (row,) = anomalies(database)
    assert (row["resolved"], row["metadata"]["period"]) == (True, str(LATER))
    assert _actions(database) == ["detected", "resolved"]


def test_it_falls_back_past_a_day_whose_summaries_are_missing(database: Database) -> None:
    for day in (NEXT, LATER):
        spend(database, (16000, 1000, 1000, 1000, 1000), day)
        detected(database, day)
    change(database, f"DELETE FROM cost_summaries WHERE period_start = '{NEXT}'")  # noqa: S608
    spend(database, EVEN, LATER)
    detected(database, LATER)
    assert _days(database) == [(str(DAY), [])]
    assert figures(database) == [(story(), "high_cost", "4.50")]


@pytest.mark.parametrize("day", [DAY, NEXT])
def test_what_a_person_resolved_is_not_reported_again_for_any_day_it_stood_for(
    database: Database, day: date
) -> None:
    spend(database, ONE_HIGH, NEXT)
    detected(database, NEXT)
    change(database, RESOLVE)
    spend(database, (16000, 1000, 1000, 1000, 1000), day)
    before = physical_rows(database)
    (done,) = detected(database, day)
    assert (done.high_cost, done.opened, done.updated) == (1, 0, 0)
    assert physical_rows(database) == before


def test_of_a_range_whose_latest_day_a_person_resolved_the_others_are_still_reported(
    database: Database,
) -> None:
    change(database, RESOLVE)
    spend(database, ONE_HIGH, date(2026, 4, 1))
    detected(database, date(2026, 4, 1), DAY)
    assert _days(database) == [("2026-04-01", [])]


def test_an_archived_one_does_not_swallow_a_new_deviation(database: Database) -> None:
    change(database, ARCHIVE)
    spend(database, (16000, 1000, 1000, 1000, 1000), NEXT)
    (done,) = detected(database, NEXT)
    assert (done.opened, done.updated) == (1, 0)
    old, new = anomalies(database)
    assert (old["archived"], old["resolved"]) == (True, True)
    assert (new["archived"], new["resolved"], new["story_cost_millicents"]) == (False, False, 16000)
    assert new["metadata"]["supersedes"] == str(old["id"])
    assert sorted((row["action"], row["entity_id"]) for row in audited(database)) == sorted(
        [("detected", old["id"]), ("resolved", old["id"]), ("detected", new["id"])]
    )


def test_nor_does_it_swallow_the_deviation_of_an_older_day(database: Database) -> None:
    change(database, ARCHIVE)
    spend(database, ONE_HIGH, date(2026, 4, 1))
    detected(database, date(2026, 4, 1))
    detected(database, DAY)
    assert [(row["archived"], row["resolved"]) for row in anomalies(database)] == [
        (True, True),
        (False, False),
    ]
    assert _days(database) == [("2026-04-01", [])]


def test_an_archived_one_of_the_same_day_gets_the_figures_and_stays_archived(
    database: Database,
) -> None:
    change(database, ARCHIVE)
    spend(database, (16000, 1000, 1000, 1000, 1000))
    (done,) = detected(database)
    assert (done.opened, done.updated) == (0, 1)
    (row,) = anomalies(database)
    assert (row["archived"], row["resolved"], row["story_cost_millicents"]) == (True, False, 16000)


def _move_to_another_epic(database: Database, costs: tuple[int, ...]) -> None:
    """Move the story to the epic `f`, whose stories cost this much, and roll the day up."""
    usage = Usage()
    for n in range(5):
        usage.story("a", f"s{n}")
    usage.story("a", "t", "f")
    for n, cost in enumerate(costs):
        usage.report("a", DAY, cost, story=f"t{n}", epic="f")
    usage.write(database)
    with database.tenant_transaction(id_of("a")) as connection:
        connection.execute(
            "UPDATE stories SET epic_id = %s WHERE id = %s", [id_of("a", "epic", "f"), story()]
        )
    roll_up_all(database, [unit("a", DAY)])


def test_a_story_that_moved_is_compared_with_its_new_epic(database: Database) -> None:
    _move_to_another_epic(database, (300, 300, 300, 300))
    (done,) = detected(database)
    assert (done.opened, done.updated, done.resolved) == (0, 1, 0)
    (row,) = anomalies(database)
    assert row["metadata"]["epic_id"] == str(id_of("a", "epic", "f"))
    assert (row["reference_avg_millicents"], str(row["deviation_factor"])) == (2040, "4.41")


def test_a_story_that_moved_away_leaves_no_anomaly_to_its_old_epic(database: Database) -> None:
    _move_to_another_epic(database, ())
    (done,) = detected(database)
    assert (done.epics, done.blind_epics, done.resolved) == (2, 1, 1)
    assert figures(database) == []


def _archive_days_before(database: Database, day: date) -> None:
    with database.tenant_transaction(id_of("a")) as connection:
        connection.execute(
            "INSERT INTO loopctl_pipelines.archived_days VALUES (%s, %s, now())", [id_of("a"), day]
        )


def test_the_anomalies_of_a_day_whose_reports_were_archived_stay(database: Database) -> None:
    spend(database, ())
    _archive_days_before(database, NEXT)
    before = physical_rows(database)
    (done,) = detected(database)
    assert done.archived
    assert physical_rows(database) == before


def test_of_costs_of_several_days_none_is_compared_that_has_an_archived_day_in_it(
    database: Database,
) -> None:
    for day in (NEXT, LATER):
        spend(database, EVEN, day)
    _archive_days_before(database, NEXT)
    before = physical_rows(database)
    done = detected(database, DAY, LATER, AnomalyRule(days=2))
    assert [(day.archived, day.stories) for day in done] == [(True, 0), (True, 0), (False, 5)]
    assert physical_rows(database) == before


def test_an_anomaly_does_not_fall_back_to_a_day_whose_reports_were_archived(
    database: Database,
) -> None:
    spend(database, ONE_HIGH, NEXT)
    detected(database, NEXT)
    _archive_days_before(database, NEXT)
    spend(database, EVEN, NEXT)
    (done,) = detected(database, NEXT)
    assert done.resolved == 1
    assert figures(database) == []
