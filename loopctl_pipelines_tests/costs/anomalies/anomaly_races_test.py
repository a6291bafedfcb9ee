"""Races between detections, and with loopctl: one open anomaly, and no phantom in the audit log."""

from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest

from loopctl_pipelines.database.connection import Database
from loopctl_pipelines_tests.costs.anomalies.deviations import (
    DAY,
    NEXT,
    ONE_HIGH,
    anomalies,
    audited,
    detected,
    spend,
    story,
)
from loopctl_pipelines_tests.costs.interleaved import until_it_ends_or_waits
from loopctl_pipelines_tests.costs.runs import detect, unit
from loopctl_pipelines_tests.usage import LONG_AGO, id_of


@pytest.fixture(autouse=True)
def one_deviation(database: Database) -> None:
    """Have a story deviate, which nothing has detected yet."""
    spend(database, ONE_HIGH)


def test_two_detections_at_once_leave_one_anomaly_and_one_audit_row(database: Database) -> None:
    with ThreadPoolExecutor() as pool:
        with database.tenant_transaction(id_of("a")) as connection:
            (first,) = detect(connection, unit("a", DAY))
            running = until_it_ends_or_waits(database, pool, lambda: detected(database))
            assert not running.done()
        (second,) = running.result()
    assert (first.opened, second.opened, second.updated) == (1, 0, 0)
    (anomaly,) = anomalies(database)
    assert [row["entity_id"] for row in audited(database)] == [anomaly["id"]]


def test_a_race_that_loopctl_wins_is_an_update_and_leaves_no_phantom_in_the_audit_log(
    database: Database,
) -> None:
    theirs = uuid4()
    with database.connect() as loopctl, ThreadPoolExecutor() as pool:
        loopctl.execute(
            "INSERT INTO cost_anomalies (id, tenant_id, story_id, anomaly_type, inserted_at,"
            " updated_at, story_cost_millicents, reference_avg_millicents, deviation_factor)"
            " VALUES (%s, %s, %s, 'high_cost', %s, %s, 1, 1, 1)",
            [theirs, id_of("a"), story(), LONG_AGO, LONG_AGO],
        )
        running = until_it_ends_or_waits(database, pool, lambda: detected(database))
        assert not running.done()
        loopctl.commit()
        (done,) = running.result()
    assert (done.opened, done.updated) == (0, 1)
    (row,) = anomalies(database)
    assert (row["id"], row["story_cost_millicents"]) == (theirs, 9000)
    assert audited(database) == []


def test_one_that_a_person_resolves_while_detection_runs_stays_resolved(database: Database) -> None:
    detected(database)
    spend(database, (16000, 1000, 1000, 1000, 1000))
    with database.connect() as person, ThreadPoolExecutor() as pool:
        person.execute("UPDATE cost_anomalies SET resolved = true")
        running = until_it_ends_or_waits(database, pool, lambda: detected(database))
        assert not running.done()
        person.commit()
        (done,) = running.result()
    assert (done.opened, done.updated, done.resolved) == (0, 0, 0)
    (row,) = anomalies(database)
    assert (row["resolved"], row["story_cost_millicents"]) == (True, 9000)
    assert len(audited(database)) == 1


def test_one_that_a_person_and_the_system_resolve_at_once_is_audited_by_who_was_first(
    database: Database,
) -> None:
    detected(database)
    spend(database, (250, 250, 250, 250, 250))
    with database.connect() as person, ThreadPoolExecutor() as pool:
        person.execute("UPDATE cost_anomalies SET resolved = true")
        running = until_it_ends_or_waits(database, pool, lambda: detected(database))
        person.commit()
        (done,) = running.result()
    assert done.resolved == 0
    (row,) = anomalies(database)
    assert "resolution" not in row["metadata"]
    assert [row["action"] for row in audited(database)] == ["detected"]


def test_two_detections_at_once_resolve_an_anomaly_once(database: Database) -> None:
    detected(database)
    spend(database, (250, 250, 250, 250, 250))
    with ThreadPoolExecutor() as pool:
        with database.tenant_transaction(id_of("a")) as connection:
            (first,) = detect(connection, unit("a", DAY))
            running = until_it_ends_or_waits(database, pool, lambda: detected(database))
        (second,) = running.result()
    assert (first.resolved, second.resolved) == (1, 0)
    assert [row["action"] for row in audited(database)] == ["detected", "resolved"]


def test_an_archived_one_that_a_person_resolves_meanwhile_is_still_superseded(
    database: Database,
) -> None:
    detected(database)
    with database.operator_transaction() as connection:
        connection.execute("UPDATE cost_anomalies SET archived = true")
    spend(database, ONE_HIGH, NEXT)
    with database.connect() as person, ThreadPoolExecutor() as pool:
        person.execute("UPDATE cost_anomalies SET resolved = true")
        running = until_it_ends_or_waits(database, pool, lambda: detected(database, NEXT))
        assert not running.done()
        person.commit()
        (done,) = running.result()
    assert (done.opened, done.resolved) == (1, 0)
    assert [row["resolved"] for row in anomalies(database)] == [True, False]
    assert [row["action"] for row in audited(database)] == ["detected", "detected"]
