"""Races between detections, and with loopctl: one open anomaly, and no phantom in the audit log."""

from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest

from loopctl_pipelines.database.connection import Database
from loopctl_pipelines_tests.costs.deviations import (
    DAY,
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
    assert (first.inserted, second.inserted, second.updated) == (1, 0, 0)
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
    assert (done.inserted, done.updated) == (0, 1)
    (row,) = anomalies(database)
    assert (row["id"], row["story_cost_millicents"]) == (theirs, 9000)
    assert audited(database) == []
