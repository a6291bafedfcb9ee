"""An open anomaly is updated, never doubled; a new one is audited once, together with its row."""

from datetime import date

import pytest

from loopctl_pipelines.costs.errors import DetectionError
from loopctl_pipelines.costs.tenant_work.per_tenant import Failed, run_per_tenant
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
from loopctl_pipelines_tests.costs.runs import detect, unit
from loopctl_pipelines_tests.usage import id_of

RESOLVE = "UPDATE cost_anomalies SET resolved = true"


@pytest.fixture(autouse=True)
def one_anomaly(database: Database) -> None:
    """Have the detection find one anomaly on the day."""
    spend(database, ONE_HIGH)
    (day,) = detected(database)
    assert (day.opened, day.updated) == (1, 0)


def test_a_new_anomaly_is_written_whole(database: Database) -> None:
    (row,) = anomalies(database)
    del row["id"], row["inserted_at"], row["updated_at"], row["xmin"]
    assert row | {"deviation_factor": str(row["deviation_factor"])} == {
        "tenant_id": id_of("a"),
        "story_id": story(),
        "anomaly_type": "high_cost",
        "story_cost_millicents": 9000,
        "reference_avg_millicents": 2000,
        "deviation_factor": "4.50",
        "resolved": False,
        "archived": False,
        "metadata": {
            "period": str(DAY),
            "earlier": [],
            "baseline": "epic_average",
            "days": 1,
            "epic_id": str(id_of("a", "epic", "e")),
            "stories": 5,
        },
    }


def test_a_new_anomaly_is_audited_as_detected_in_the_same_transaction(database: Database) -> None:
    (anomaly,) = anomalies(database)
    (row,) = audited(database)
    assert row.pop("xmin") == anomaly["xmin"]
    assert row.pop("inserted_at") == anomaly["inserted_at"]
    del row["id"]
    assert row == {
        "tenant_id": id_of("a"),
        "project_id": None,
        "entity_type": "cost_anomaly",
        "entity_id": anomaly["id"],
        "action": "detected",
        "actor_type": "system",
        "actor_id": None,
        "actor_label": None,
        "old_state": None,
        "new_state": {
            "anomaly_type": "high_cost",
            "story_id": str(story()),
            "deviation_factor": "4.50",
            "story_cost_millicents": 9000,
            "reference_avg_millicents": 2000,
        },
        "metadata": {
            "anomaly_id": str(anomaly["id"]),
            "story_id": str(story()),
            "anomaly_type": "high_cost",
            "deviation_factor": "4.50",
        },
    }


def test_what_cannot_be_audited_is_not_written_either(database: Database) -> None:
    spend(database, (0, 250, 250), NEXT)
    with database.operator_transaction() as connection:
        connection.execute("ALTER TABLE audit_log ADD CHECK (false) NOT VALID")
    (failed,) = run_per_tenant(database, [unit("a", NEXT)], detect, DetectionError)
    assert isinstance(failed, Failed)
    assert failed.error.sqlstate == "23514"
    assert figures(database) == [(story(), "high_cost", "4.50")]


def test_the_same_day_again_touches_nothing(database: Database) -> None:
    before = anomalies(database), audited(database)
    (day,) = detected(database)
    assert (day.high_cost, day.opened, day.updated) == (1, 0, 0)
    assert (anomalies(database), audited(database)) == before


@pytest.mark.parametrize("day", [DAY, NEXT])
def test_an_open_anomaly_gets_the_figures_of_the_same_or_a_later_day_and_no_audit_row(
    database: Database, day: date
) -> None:
    (before,) = anomalies(database)
    change(database, 'UPDATE cost_anomalies SET metadata = metadata || \'{"note": "mine"}\'')
    spend(database, (16000, 1000, 1000, 1000, 1000), day)
    (done,) = detected(database, day)
    assert (done.opened, done.updated) == (0, 1)
    (after,) = anomalies(database)
    kept = ("id", "inserted_at", "resolved", "archived", "story_id")
    assert [after[name] for name in kept] == [before[name] for name in kept]
    assert (after["story_cost_millicents"], after["reference_avg_millicents"]) == (16000, 4000)
    assert str(after["deviation_factor"]) == "4.00"
    assert (after["metadata"]["period"], after["metadata"]["note"]) == (str(day), "mine")
    assert len(audited(database)) == 1


def test_an_older_day_never_overwrites_a_newer_one(database: Database) -> None:
    spend(database, (16000, 1000, 1000, 1000, 1000), NEXT)
    detected(database, NEXT)
    before = anomalies(database)
    spend(database, (99000, 8000, 8000, 8000, 8000), DAY)
    (done,) = detected(database, DAY)
    assert (done.high_cost, done.opened, done.updated) == (1, 0, 0)
    assert anomalies(database) == before


def test_of_a_range_of_days_the_latest_counts(database: Database) -> None:
    spend(database, (16000, 1000, 1000, 1000, 1000), NEXT)
    detected(database, DAY, NEXT)
    (row,) = anomalies(database)
    assert (row["metadata"]["period"], row["story_cost_millicents"]) == (str(NEXT), 16000)


def test_one_that_was_resolved_for_a_day_is_not_opened_again_for_that_day(
    database: Database,
) -> None:
    change(database, RESOLVE)
    spend(database, (99000, 8000, 8000, 8000, 8000), DAY)
    before = anomalies(database), audited(database)
    (done,) = detected(database)
    assert (done.high_cost, done.opened, done.updated) == (1, 0, 0)
    assert (anomalies(database), audited(database)) == before


def test_one_that_was_resolved_is_opened_anew_for_a_later_day(database: Database) -> None:
    change(database, RESOLVE)
    spend(database, ONE_HIGH, NEXT)
    (done,) = detected(database, NEXT)
    assert (done.opened, done.updated) == (1, 0)
    assert [row["resolved"] for row in anomalies(database)] == [True, False]
    assert len(audited(database)) == 2


def test_one_of_the_reference_without_a_period_is_taken_over(database: Database) -> None:
    change(database, "UPDATE cost_anomalies SET metadata = NULL, deviation_factor = 9.9")
    (done,) = detected(database)
    assert (done.opened, done.updated) == (0, 1)
    (row,) = anomalies(database)
    assert (str(row["deviation_factor"]), row["metadata"]["period"]) == ("4.50", str(DAY))
