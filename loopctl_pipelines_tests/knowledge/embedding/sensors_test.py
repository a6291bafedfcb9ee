"""`pending_embeddings_sensor`: which tenants it requests runs for, and when it may rest."""

import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from dagster import DagsterInstance, DagsterRunStatus, RunRequest

from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.database.errors import RoleUnfitError
from loopctl_pipelines.knowledge.embedding.jobs import EMBED_ARTICLES, PENDING_ONLY_TAG
from loopctl_pipelines.knowledge.embedding.sensor_cursor import Cursor
from loopctl_pipelines.knowledge.embedding.storage.queries import claim_tenant, release_tenant
from loopctl_pipelines.knowledge.embedding.work.embedder import Embedder
from loopctl_pipelines.llm.circuit import Permit, Verdict
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


def until_counted(evaluated: EvaluatedSensor) -> None:
    """Evaluate until PostgreSQL has counted every change."""
    ended = time.monotonic() + PUBLISHED_SECONDS
    while evaluated.skipped != "Nothing has changed, and nothing is due.":
        assert time.monotonic() < ended
        evaluated.evaluate()


def until_requested(evaluated: EvaluatedSensor) -> list[RunRequest]:
    """Evaluate until a run is requested."""
    ended = time.monotonic() + PUBLISHED_SECONDS
    while not (requests := evaluated.evaluate()):
        assert time.monotonic() < ended
    return requests


@pytest.fixture
def evaluated(database: Database, instance: DagsterInstance, embed: Embedder) -> EvaluatedSensor:
    knowledge = Knowledge(database)
    for slug in SLUGS:
        knowledge.tenant(slug)
    return EvaluatedSensor(knowledge, instance, embed)


def test_nothing_pending_is_no_run(evaluated: EvaluatedSensor) -> None:
    evaluated.knowledge.article("acme", "A draft", status="draft")
    assert evaluated.evaluate() == []
    assert "nothing is pending" in str(evaluated.skipped)


def test_a_login_that_would_see_no_article_is_an_error_and_no_rest(
    evaluated: EvaluatedSensor, bound_url: str, database: Database
) -> None:
    evaluated.knowledge.article("blue", "One")
    with closing(Database(bound_url, database.role)) as bound:
        evaluated.embed.database = bound
        with pytest.raises(RoleUnfitError, match="bound by row-level security on articles"):
            evaluated.evaluate()


def test_a_published_article_requests_one_run_for_its_tenant(evaluated: EvaluatedSensor) -> None:
    evaluated.knowledge.article("blue", "One")
    (request,) = evaluated.evaluate()
    assert tenants_of(request) == ("blue", "blue")
    assert request.tags[PENDING_ONLY_TAG] == "true"


def test_many_tenants_are_one_run(evaluated: EvaluatedSensor) -> None:
    evaluated.knowledge.article("acme", "One")
    evaluated.knowledge.article("cold", "One")
    (request,) = evaluated.evaluate()
    assert tenants_of(request) == ("acme", "cold")


@pytest.mark.parametrize("status", [DagsterRunStatus.NOT_STARTED, DagsterRunStatus.STARTED])
def test_work_in_flight_is_not_requested_again_and_other_work_is(
    evaluated: EvaluatedSensor, status: DagsterRunStatus
) -> None:
    evaluated.knowledge.article("acme", "One")
    evaluated.knowledge.article("cold", "One")
    (first,) = evaluated.evaluate()
    run_id = evaluated.start(first, status)
    assert evaluated.evaluate() == []
    assert "2 in flight" in str(evaluated.skipped)

    evaluated.knowledge.article("blue", "One")
    (second,) = evaluated.evaluate()
    assert tenants_of(second) == ("blue", "blue")

    evaluated.end(run_id)
    evaluated.start(second, status)
    (third,) = evaluated.evaluate()
    assert tenants_of(third) == ("acme", "cold")


def test_a_run_that_a_person_started_is_in_flight_too(evaluated: EvaluatedSensor) -> None:
    evaluated.knowledge.article("acme", "One")
    create_run_for_test(
        evaluated.instance,
        job_name=EMBED_ARTICLES,
        status=DagsterRunStatus.STARTED,
        tags={"dagster/partition": "acme"},
    )
    assert evaluated.evaluate() == []


def test_a_claimed_tenant_is_in_flight_whichever_run_works_on_it(
    evaluated: EvaluatedSensor, database: Database
) -> None:
    evaluated.knowledge.article("acme", "One")
    with database.tenant_transaction(id_of("acme")) as connection:
        claim_tenant(connection, id_of("acme"), holder := uuid4(), timedelta(hours=1))
    assert evaluated.evaluate() == []
    assert "1 in flight" in str(evaluated.skipped)
    assert Cursor.parse(evaluated.cursor).rest_until is None
    with database.tenant_transaction(id_of("acme")) as connection:
        release_tenant(connection, id_of("acme"), holder)
    assert len(evaluated.evaluate()) == 1


def test_a_tenant_whose_circuit_is_open_is_skipped_and_evaluated_every_time(
    evaluated: EvaluatedSensor,
) -> None:
    evaluated.knowledge.article("acme", "One")
    breaker = evaluated.embed.provider.breaker
    for _ in range(3):
        breaker.record(Permit(id_of("acme")), Verdict.COUNTED)
    assert evaluated.evaluate() == []
    assert "1 with an open circuit" in str(evaluated.skipped)
    breaker.reset(id_of("acme"))
    assert len(evaluated.evaluate()) == 1


def test_a_tenant_without_a_key_is_requested_once_and_then_rests_until_it_has_one(
    evaluated: EvaluatedSensor,
) -> None:
    evaluated.knowledge.set_key("blue", None)
    evaluated.knowledge.article("blue", "One")
    assert len(evaluated.evaluate()) == 1
    evaluated.knowledge.run(evaluated.embed, "blue")
    assert evaluated.evaluate() == []
    assert "1 paused" in str(evaluated.skipped)
    evaluated.knowledge.set_key("blue", KEY)
    assert len(until_requested(evaluated)) == 1


def test_articles_that_wait_are_requested_when_they_are_due(evaluated: EvaluatedSensor) -> None:
    evaluated.knowledge.article("acme", "One")
    with embedder(evaluated.knowledge.database, "http://127.0.0.1:9/v1") as unreachable:
        evaluated.knowledge.run(unreachable, "acme")
    assert evaluated.evaluate() == []
    evaluated.knowledge.make_due("acme")
    evaluated.cursor = None
    assert len(evaluated.evaluate()) == 1


def test_an_article_that_waits_and_is_unpublished_lets_the_sensor_rest(
    evaluated: EvaluatedSensor,
) -> None:
    article = evaluated.knowledge.article("acme", "One")
    with embedder(evaluated.knowledge.database, "http://127.0.0.1:9/v1") as unreachable:
        evaluated.knowledge.run(unreachable, "acme")
    evaluated.knowledge.edit("acme", article, status="archived")
    evaluated.knowledge.make_due("acme")
    evaluated.evaluate()
    rest_until = Cursor.parse(evaluated.cursor).rest_until
    assert rest_until is not None
    assert rest_until > datetime.now(UTC)


def test_a_tenant_that_is_suspended_is_not_requested(
    evaluated: EvaluatedSensor, database: Database
) -> None:
    evaluated.knowledge.article("acme", "One")
    with database.operator_transaction() as connection:
        connection.execute("UPDATE tenants SET status = 'suspended'")
    assert evaluated.evaluate() == []


def test_the_rows_of_a_deleted_tenant_are_removed_once_no_run_works_on_it(
    evaluated: EvaluatedSensor, database: Database
) -> None:
    def rows() -> list[tuple[int, ...]]:
        with database.operator_transaction() as connection:
            return connection.execute(
                "SELECT (SELECT count(*) FROM loopctl_pipelines.embedding_states)::integer,"
                " (SELECT count(*) FROM loopctl_pipelines.embedding_tenants)::integer"
            ).fetchall()

    for slug in ("acme", "blue"):
        evaluated.knowledge.articles(slug, 2)
        evaluated.knowledge.run(evaluated.embed, slug)
    with database.tenant_transaction(id_of("acme")) as connection:
        claim_tenant(connection, id_of("acme"), holder := uuid4(), timedelta(hours=1))
    with database.operator_transaction() as connection:
        connection.execute("DELETE FROM articles WHERE tenant_id = %s", [id_of("acme")])
        connection.execute("DELETE FROM tenants WHERE id = %s", [id_of("acme")])
    evaluated.evaluate()
    assert rows() == [(4, 2)]
    with database.tenant_transaction(id_of("acme")) as connection:
        release_tenant(connection, id_of("acme"), holder)
    evaluated.cursor = None
    evaluated.evaluate()
    assert rows() == [(2, 1)]
    assert set(evaluated.knowledge.states("blue")) == {"Article 0", "Article 1"}


def test_a_tenant_without_a_partition_waits_for_tenants_sensor(evaluated: EvaluatedSensor) -> None:
    evaluated.knowledge.tenant("new")
    evaluated.knowledge.article("new", "One")
    assert evaluated.evaluate() == []
    sync_tenants(evaluated.instance, evaluated.knowledge.database)
    assert len(evaluated.evaluate()) == 1


def test_while_nothing_changes_the_articles_are_not_read(
    evaluated: EvaluatedSensor, database: Database
) -> None:
    evaluated.knowledge.articles("acme", 3)
    evaluated.knowledge.run(evaluated.embed, "acme")
    evaluated.evaluate()
    until_counted(evaluated)
    with database.operator_transaction() as connection:
        connection.execute("DROP VIEW loopctl_pipelines.pending_articles")
    assert evaluated.evaluate() == []


def test_a_change_ends_the_rest(evaluated: EvaluatedSensor) -> None:
    evaluated.evaluate()
    until_counted(evaluated)
    evaluated.knowledge.article("cold", "One")
    (request,) = until_requested(evaluated)
    assert tenants_of(request) == ("cold", "cold")


def test_a_rest_ends_after_ten_minutes_whatever_the_counters_say(
    evaluated: EvaluatedSensor,
) -> None:
    now = datetime(2026, 4, 2, tzinfo=UTC)
    rested = Cursor(articles_version="1", rest_until=now + timedelta(minutes=10))
    assert rested.may_rest("1", now)
    assert not rested.may_rest("2", now)
    assert not rested.may_rest(None, now)
    assert not rested.may_rest("1", now + timedelta(minutes=10))
    evaluated.evaluate()
    rest_until = Cursor.parse(evaluated.cursor).rest_until
    assert rest_until is not None
    assert rest_until <= datetime.now(UTC) + timedelta(minutes=10)


@pytest.mark.parametrize("text", [None, "", "{", '{"in_flight": 3}', "[]"])
def test_an_unreadable_cursor_remembers_nothing(text: str | None) -> None:
    assert Cursor.parse(text) == Cursor()
