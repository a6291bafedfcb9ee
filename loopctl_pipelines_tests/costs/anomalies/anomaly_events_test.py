"""loopctl's webhooks learn of each new anomaly exactly once."""

from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import pytest

from loopctl_pipelines.database.connection import Database
from loopctl_pipelines_tests.costs.anomalies.deviations import (
    DAY,
    NEXT,
    ONE_HIGH,
    anomalies,
    audited,
    change,
    detected,
    spend,
)
from loopctl_pipelines_tests.costs.interleaved import acting_after, until_it_ends_or_waits
from loopctl_pipelines_tests.costs.runs import detect, unit
from loopctl_pipelines_tests.usage import id_of
from loopctl_pipelines_tests.webhooks.subscriptions import add_webhook, queued

DETECTED = "token.anomaly_detected"
STATEMENTS = 9


@pytest.fixture
def webhook(database: Database) -> UUID:
    spend(database, ONE_HIGH)
    return add_webhook(database, "a", DETECTED)


def test_a_new_anomaly_is_an_event_with_loopctl_s_fields_and_a_delivery_job(
    database: Database, webhook: UUID
) -> None:
    detected(database)
    (anomaly,) = anomalies(database)
    (event,) = queued(database)
    assert (event["webhook_id"], event["event_type"]) == (webhook, DETECTED)
    assert event["worker"] == "Loopctl.Workers.WebhookDeliveryWorker"
    assert event["payload"] == {
        "anomaly_id": str(anomaly["id"]),
        "story_id": str(anomaly["story_id"]),
        "story_title": "s0",
        "agent_id": str(id_of("a", "agent", "a")),
        "agent_name": "a",
        "anomaly_type": "high_cost",
        "story_cost_millicents": 9000,
        "reference_avg_millicents": 2000,
        "deviation_factor": "4.50",
    }


@pytest.mark.usefixtures("webhook")
def test_an_update_of_an_open_anomaly_is_no_event(database: Database) -> None:
    detected(database)
    spend(database, (16000, 1000, 1000, 1000, 1000))
    spend(database, ONE_HIGH, NEXT)
    (first,), (second,) = detected(database), detected(database, NEXT)
    assert (first.updated, second.updated) == (1, 1)
    assert len(queued(database)) == 1


@pytest.mark.usefixtures("webhook")
def test_two_detections_at_once_queue_one_event(database: Database) -> None:
    with ThreadPoolExecutor() as pool:
        with database.tenant_transaction(id_of("a")) as connection:
            detect(connection, unit("a", DAY))
            running = until_it_ends_or_waits(database, pool, lambda: detected(database))
        running.result()
    assert len(queued(database)) == len(anomalies(database)) == 1


class _KilledError(Exception):
    pass


def _die() -> None:
    raise _KilledError


def _detect_and_die(database: Database, *, after: int) -> None:
    with acting_after(database, id_of("a"), after, _die) as connection:
        detect(connection, unit("a", DAY))
        assert after == STATEMENTS, "the work has fewer statements"


@pytest.mark.usefixtures("webhook")
def test_killed_after_any_statement_nothing_is_queued_and_the_next_run_queues_it_once(
    database: Database,
) -> None:
    for done in range(STATEMENTS + 1):
        with pytest.raises(_KilledError):
            _detect_and_die(database, after=done)
        assert (anomalies(database), audited(database), queued(database)) == ([], [], [])
    for _ in range(2):
        detected(database)
    assert len(queued(database)) == len(audited(database)) == 1


def test_a_webhook_that_is_inactive_when_the_anomaly_opens_never_gets_it(
    database: Database, webhook: UUID
) -> None:
    change(database, f"UPDATE webhooks SET active = false WHERE id = '{webhook}'")  # noqa: S608
    detected(database)
    change(database, "UPDATE webhooks SET active = true")
    detected(database)
    assert len(anomalies(database)) == 1
    assert queued(database) == []


@pytest.mark.usefixtures("webhook")
def test_a_webhook_of_the_story_s_project_gets_it_too_and_one_for_other_events_does_not(
    database: Database,
) -> None:
    add_webhook(database, "a", DETECTED, project_id=id_of("a", "project"))
    add_webhook(database, "a", "story.created")
    detected(database)
    assert len(queued(database)) == 2
