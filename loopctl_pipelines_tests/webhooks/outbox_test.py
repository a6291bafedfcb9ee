"""The webhook outbox: an event and a delivery job for each webhook that wants it."""

from uuid import UUID

import psycopg
import pytest

from loopctl_pipelines.database.connection import Database, TenantConnection
from loopctl_pipelines.webhooks.outbox import Event, queue_events
from loopctl_pipelines_tests.api.rows import add_tenants
from loopctl_pipelines_tests.usage import id_of
from loopctl_pipelines_tests.webhooks.subscriptions import add_webhook, queued

CREATED = "article.created"


@pytest.fixture(autouse=True)
def tenants(database: Database) -> None:
    add_tenants(database, "acme", "other")


def _queue(database: Database, project_id: UUID | None = None) -> int:
    with database.tenant_transaction(id_of("acme")) as connection:
        return queue_events(connection, id_of("acme"), [Event(CREATED, project_id, {"title": "A"})])


def test_each_webhook_gets_an_event_and_a_job_that_loopctl_s_delivery_takes(
    database: Database,
) -> None:
    webhooks = {add_webhook(database, "acme", CREATED, "story.created") for _ in range(2)}
    assert _queue(database) == 2
    events = queued(database)
    assert {event["webhook_id"] for event in events} == webhooks
    for event in events:
        assert (event["tenant_id"], event["event_type"]) == (id_of("acme"), CREATED)
        assert (event["payload"], event["status"]) == ({"title": "A"}, "pending")
        assert (event["queue"], event["state"]) == ("webhooks", "available")
        assert event["worker"] == "Loopctl.Workers.WebhookDeliveryWorker"
        assert (event["max_attempts"], event["attempt"]) == (1, 0)
        assert event["args"] == {
            "webhook_event_id": str(event["id"]),
            "tenant_id": str(id_of("acme")),
        }


def test_a_webhook_that_does_not_want_the_event_gets_nothing(database: Database) -> None:
    add_webhook(database, "acme", "story.created")
    add_webhook(database, "acme", CREATED, active=False)
    add_webhook(database, "other", CREATED)
    add_webhook(database, "acme", CREATED, project_id=id_of("acme", "project"))
    assert _queue(database) == 0
    assert queued(database) == []


def test_a_project_s_webhook_gets_the_events_of_its_project(database: Database) -> None:
    add_webhook(database, "acme", CREATED, project_id=id_of("acme", "project"))
    assert _queue(database, id_of("acme", "project")) == 1


def test_many_events_at_once_reach_each_webhook_that_wants_them(database: Database) -> None:
    everything = add_webhook(database, "acme", CREATED, "story.created")
    of_project = add_webhook(database, "acme", CREATED, project_id=id_of("acme", "project"))
    events = [
        Event(CREATED, id_of("acme", "project"), {"n": 0}),
        Event(CREATED, None, {"n": 1}),
        Event("story.created", id_of("acme", "project"), {"n": 2}),
        Event("story.deleted", None, {"n": 3}),
    ]
    with database.tenant_transaction(id_of("acme")) as connection:
        assert queue_events(connection, id_of("acme"), events) == 4
        assert queue_events(connection, id_of("acme"), []) == 0
    found = {(event["webhook_id"], event["payload"]["n"]) for event in queued(database)}
    assert found == {(everything, 0), (everything, 1), (everything, 2), (of_project, 0)}


def _queue_and_fail(connection: TenantConnection) -> None:
    assert queue_events(connection, id_of("acme"), [Event(CREATED, None, {})]) == 1
    connection.execute("SELECT 1 / 0")


def test_nothing_is_queued_when_the_transaction_is_rolled_back(database: Database) -> None:
    add_webhook(database, "acme", CREATED)
    with (
        pytest.raises(psycopg.errors.DivisionByZero),
        database.tenant_transaction(id_of("acme")) as connection,
    ):
        _queue_and_fail(connection)
    assert queued(database) == []


def test_the_role_of_tenants_cannot_read_or_change_jobs(database: Database) -> None:
    for statement in ("SELECT id FROM oban_jobs", "DELETE FROM oban_jobs"):
        with (
            pytest.raises(psycopg.errors.InsufficientPrivilege),
            database.tenant_transaction(id_of("acme")) as connection,
        ):
            connection.execute(statement)
