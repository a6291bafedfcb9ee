"""`pending_embeddings_sensor`: which tenants it requests runs for, and when it may rest."""

import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from dagster import DagsterInstance, DagsterRunStatus, RunRequest

from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.database.errors import RoleUnfitError
from loopctl_pipelines.knowledge.embedding.jobs import EMBED_ARTICLES
from loopctl_pipelines.knowledge.embedding.work.embedder import Embedder
from loopctl_pipelines.knowledge.tenant_work.claim import claim_tenant, release_tenant
from loopctl_pipelines.knowledge.tenant_work.sensor_cursor import Cursor
from loopctl_pipelines.knowledge.tenant_work.sensor_evaluation import PENDING_ONLY_TAG
from loopctl_pipelines.llm.circuit import Permit, Verdict
from loopctl_pipelines.llm.operation import Operation
from loopctl_pipelines.tenants.sync import sync_tenants
from loopctl_pipelines_tests.dagster_internals import create_run_for_test
from loopctl_pipelines_tests.knowledge.embedding.knowledge import KEY, Knowledge, embedder
from loopctl_pipelines_tests.knowledge.embedding.sensor_evaluations import (
    SLUGS,
    EvaluatedSensor,
    tenants_of,
)
from loopctl_pipelines_tests.usage import id_of

PUBLISHED_SECONDS = 90  # PostgreSQL publishes its counters within a minute


def until_counted(sensor: EvaluatedSensor) -> None:
    """Evaluate until PostgreSQL has counted every change."""
    ended = time.monotonic() + PUBLISHED_SECONDS
    while sensor.skipped != "Nothing has changed, and nothing is due.":
        assert time.monotonic() < ended
        sensor.evaluate()


def until_requested(sensor: EvaluatedSensor) -> list[RunRequest]:
    """Evaluate until a run is requested."""
    ended = time.monotonic() + PUBLISHED_SECONDS
    while not (requests := sensor.evaluate()):
        assert time.monotonic() < ended
    return requests


@pytest.fixture
def sensor(database: Database, instance: DagsterInstance, embed: Embedder) -> EvaluatedSensor:
    knowledge = Knowledge(database)
    for slug in SLUGS:
        knowledge.tenant(slug)
    return EvaluatedSensor(knowledge, instance, embed)


def test_nothing_pending_is_no_run(sensor: EvaluatedSensor) -> None:
    sensor.knowledge.article("acme", "A draft", status="draft")
    assert sensor.evaluate() == []
    assert "nothing is pending" in str(sensor.skipped)


def test_a_login_that_would_see_no_article_is_an_error_and_no_rest(
    sensor: EvaluatedSensor, bound_url: str, database: Database
) -> None:
    sensor.knowledge.article("blue", "One")
    with closing(Database(bound_url, database.role)) as bound:
        sensor.embed.database = bound
        with pytest.raises(RoleUnfitError, match="bound by row-level security on articles"):
            sensor.evaluate()


def test_a_published_article_requests_one_run_for_its_tenant(sensor: EvaluatedSensor) -> None:
    sensor.knowledge.article("blue", "One")
    (request,) = sensor.evaluate()
    assert tenants_of(request) == ("blue", "blue")
    assert request.tags[PENDING_ONLY_TAG] == "true"


def test_many_tenants_are_one_run(sensor: EvaluatedSensor) -> None:
    sensor.knowledge.article("acme", "One")
    sensor.knowledge.article("cold", "One")
    (request,) = sensor.evaluate()
    assert tenants_of(request) == ("acme", "cold")


@pytest.mark.parametrize("status", [DagsterRunStatus.NOT_STARTED, DagsterRunStatus.STARTED])
def test_work_in_flight_is_not_requested_again_and_other_work_is(
    sensor: EvaluatedSensor, status: DagsterRunStatus
) -> None:
    sensor.knowledge.article("acme", "One")
    sensor.knowledge.article("cold", "One")
    (first,) = sensor.evaluate()
    run_id = sensor.start(first, status)
    assert sensor.evaluate() == []
    assert "2 in flight" in str(sensor.skipped)

    sensor.knowledge.article("blue", "One")
    (second,) = sensor.evaluate()
    assert tenants_of(second) == ("blue", "blue")

    sensor.end(run_id)
    sensor.start(second, status)
    (third,) = sensor.evaluate()
    assert tenants_of(third) == ("acme", "cold")


def test_a_run_that_a_person_started_is_in_flight_too(sensor: EvaluatedSensor) -> None:
    sensor.knowledge.article("acme", "One")
    create_run_for_test(
        sensor.instance,
        job_name=EMBED_ARTICLES,
        status=DagsterRunStatus.STARTED,
        tags={"dagster/partition": "acme"},
    )
    assert sensor.evaluate() == []


def test_a_claimed_tenant_is_in_flight_whichever_run_works_on_it(
    sensor: EvaluatedSensor, database: Database
) -> None:
    sensor.knowledge.article("acme", "One")
    with database.tenant_transaction(id_of("acme")) as connection:
        claim_tenant(
            connection, id_of("acme"), Operation.EMBEDDING, holder := uuid4(), timedelta(hours=1)
        )
    assert sensor.evaluate() == []
    assert "1 in flight" in str(sensor.skipped)
    assert Cursor.parse(sensor.cursor).rest_until is None
    with database.tenant_transaction(id_of("acme")) as connection:
        release_tenant(connection, id_of("acme"), Operation.EMBEDDING, holder)
    assert len(sensor.evaluate()) == 1


def test_a_tenant_whose_circuit_is_open_is_skipped_and_evaluated_every_time(
    sensor: EvaluatedSensor,
) -> None:
    sensor.knowledge.article("acme", "One")
    breaker = sensor.embed.provider.breaker
    for _ in range(3):
        breaker.record(Permit(id_of("acme")), Verdict.COUNTED)
    assert sensor.evaluate() == []
    assert "1 with an open circuit" in str(sensor.skipped)
    breaker.reset(id_of("acme"))
    assert len(sensor.evaluate()) == 1


def test_a_tenant_without_a_key_is_requested_once_and_then_rests_until_it_has_one(
    sensor: EvaluatedSensor,
) -> None:
    sensor.knowledge.set_key("blue", None)
    sensor.knowledge.article("blue", "One")
    assert len(sensor.evaluate()) == 1
    sensor.knowledge.run(sensor.embed, "blue")
    assert sensor.evaluate() == []
    assert "1 paused" in str(sensor.skipped)
    sensor.knowledge.set_key("blue", KEY)
    assert len(until_requested(sensor)) == 1


def test_articles_that_wait_are_requested_when_they_are_due(sensor: EvaluatedSensor) -> None:
    sensor.knowledge.article("acme", "One")
    with embedder(sensor.knowledge.database, "http://127.0.0.1:9/v1") as unreachable:
        sensor.knowledge.run(unreachable, "acme")
    assert sensor.evaluate() == []
    sensor.knowledge.make_due("acme")
    sensor.cursor = None
    assert len(sensor.evaluate()) == 1


def test_an_article_that_waits_and_is_unpublished_lets_the_sensor_rest(
    sensor: EvaluatedSensor,
) -> None:
    article = sensor.knowledge.article("acme", "One")
    with embedder(sensor.knowledge.database, "http://127.0.0.1:9/v1") as unreachable:
        sensor.knowledge.run(unreachable, "acme")
    sensor.knowledge.edit("acme", article, status="archived")
    sensor.knowledge.make_due("acme")
    sensor.evaluate()
    rest_until = Cursor.parse(sensor.cursor).rest_until
    assert rest_until is not None
    assert rest_until > datetime.now(UTC)


def test_a_tenant_that_is_suspended_is_not_requested(
    sensor: EvaluatedSensor, database: Database
) -> None:
    sensor.knowledge.article("acme", "One")
    with database.operator_transaction() as connection:
        connection.execute("UPDATE tenants SET status = 'suspended'")
    assert sensor.evaluate() == []


def test_the_rows_of_a_deleted_tenant_are_removed_once_no_run_works_on_it(
    sensor: EvaluatedSensor, database: Database
) -> None:
    def rows() -> list[tuple[int, ...]]:
        with database.operator_transaction() as connection:
            return connection.execute(
                "SELECT (SELECT count(*) FROM loopctl_pipelines.embedding_states)::integer,"
                " (SELECT count(*) FROM loopctl_pipelines.tenant_operations)::integer"
            ).fetchall()

    for slug in ("acme", "blue"):
        sensor.knowledge.articles(slug, 2)
        sensor.knowledge.run(sensor.embed, slug)
    with database.tenant_transaction(id_of("acme")) as connection:
        claim_tenant(
            connection, id_of("acme"), Operation.EMBEDDING, holder := uuid4(), timedelta(hours=1)
        )
    with database.operator_transaction() as connection:
        connection.execute("DELETE FROM articles WHERE tenant_id = %s", [id_of("acme")])
        connection.execute("DELETE FROM tenants WHERE id = %s", [id_of("acme")])
    sensor.evaluate()
    assert rows() == [(4, 2)]
    with database.tenant_transaction(id_of("acme")) as connection:
        release_tenant(connection, id_of("acme"), Operation.EMBEDDING, holder)
    sensor.cursor = None
    sensor.evaluate()
    assert rows() == [(2, 1)]
    assert set(sensor.knowledge.states("blue")) == {"Article 0", "Article 1"}


def test_a_tenant_without_a_partition_waits_for_tenants_sensor(sensor: EvaluatedSensor) -> None:
    sensor.knowledge.tenant("new")
    sensor.knowledge.article("new", "One")
    assert sensor.evaluate() == []
    sync_tenants(sensor.instance, sensor.knowledge.database)
    assert len(sensor.evaluate()) == 1


def test_while_nothing_changes_the_articles_are_not_read(
    sensor: EvaluatedSensor, database: Database
) -> None:
    sensor.knowledge.articles("acme", 3)
    sensor.knowledge.run(sensor.embed, "acme")
    sensor.evaluate()
    until_counted(sensor)
    with database.operator_transaction() as connection:
        connection.execute("DROP VIEW loopctl_pipelines.pending_articles")
    assert sensor.evaluate() == []


def test_a_change_ends_the_rest(sensor: EvaluatedSensor) -> None:
    sensor.evaluate()
    until_counted(sensor)
    sensor.knowledge.article("cold", "One")
    (request,) = until_requested(sensor)
    assert tenants_of(request) == ("cold", "cold")


def test_a_rest_ends_after_ten_minutes_whatever_the_counters_say(
    sensor: EvaluatedSensor,
) -> None:
    now = datetime(2026, 4, 2, tzinfo=UTC)
    rested = Cursor(version="1", rest_until=now + timedelta(minutes=10))
    assert rested.may_rest("1", now)
    assert not rested.may_rest("2", now)
    assert not rested.may_rest(None, now)
    assert not rested.may_rest("1", now + timedelta(minutes=10))
    sensor.evaluate()
    rest_until = Cursor.parse(sensor.cursor).rest_until
    assert rest_until is not None
    assert rest_until <= datetime.now(UTC) + timedelta(minutes=10)


@pytest.mark.parametrize("text", [None, "", "{", '{"in_flight": 3}', "[]"])
def test_an_unreadable_cursor_remembers_nothing(text: str | None) -> None:
    assert Cursor.parse(text) == Cursor()
