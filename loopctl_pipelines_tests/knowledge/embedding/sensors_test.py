"""Ticks of `pending_embeddings_sensor`: whom they request a run for, and when they may rest."""

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
from loopctl_pipelines_tests.knowledge.embedding.ticking import SLUGS, Ticks, tenants_of
from loopctl_pipelines_tests.usage import id_of

PUBLISHED_SECONDS = 90  # PostgreSQL publishes its counters within a minute


def until_counted(ticks: Ticks) -> None:
    """Tick until nothing is new."""
    ended = time.monotonic() + PUBLISHED_SECONDS
    while ticks.skipped != "Nothing has changed, and nothing is due.":
        assert time.monotonic() < ended
        ticks.tick()


def until_requested(ticks: Ticks) -> list[RunRequest]:
    """Tick until a run is requested."""
    ended = time.monotonic() + PUBLISHED_SECONDS
    while not (requests := ticks.tick()):
        assert time.monotonic() < ended
    return requests


@pytest.fixture
def ticks(database: Database, instance: DagsterInstance, embed: Embedder) -> Ticks:
    knowledge = Knowledge(database)
    for slug in SLUGS:
        knowledge.tenant(slug)
    return Ticks(knowledge, instance, embed)


def test_nothing_pending_is_no_run(ticks: Ticks) -> None:
    ticks.knowledge.article("acme", "A draft", status="draft")
    assert ticks.tick() == []
    assert "nothing is pending" in str(ticks.skipped)


def test_a_login_that_would_see_no_article_is_told_instead_of_resting(
    ticks: Ticks, bound_url: str, database: Database
) -> None:
    ticks.knowledge.article("blue", "One")
    with closing(Database(bound_url, database.role)) as bound:
        ticks.embed.database = bound
        with pytest.raises(RoleUnfitError, match="bound by row-level security on articles"):
            ticks.tick()


def test_a_published_article_requests_one_run_for_its_tenant(ticks: Ticks) -> None:
    ticks.knowledge.article("blue", "One")
    (request,) = ticks.tick()
    assert tenants_of(request) == ("blue", "blue")
    assert request.tags[PENDING_ONLY_TAG] == "true"


def test_many_tenants_are_one_run(ticks: Ticks) -> None:
    ticks.knowledge.article("acme", "One")
    ticks.knowledge.article("cold", "One")
    (request,) = ticks.tick()
    assert tenants_of(request) == ("acme", "cold")


@pytest.mark.parametrize("status", [DagsterRunStatus.NOT_STARTED, DagsterRunStatus.STARTED])
def test_work_in_flight_is_not_requested_again_and_other_work_is(
    ticks: Ticks, status: DagsterRunStatus
) -> None:
    ticks.knowledge.article("acme", "One")
    ticks.knowledge.article("cold", "One")
    (first,) = ticks.tick()
    run_id = ticks.start(first, status)
    assert ticks.tick() == []
    assert "2 in flight" in str(ticks.skipped)

    ticks.knowledge.article("blue", "One")
    (second,) = ticks.tick()
    assert tenants_of(second) == ("blue", "blue")

    ticks.end(run_id)
    ticks.start(second, status)
    (third,) = ticks.tick()
    assert tenants_of(third) == ("acme", "cold")


def test_a_run_that_a_person_started_is_in_flight_too(ticks: Ticks) -> None:
    ticks.knowledge.article("acme", "One")
    create_run_for_test(
        ticks.instance,
        job_name=EMBED_ARTICLES,
        status=DagsterRunStatus.STARTED,
        tags={"dagster/partition": "acme"},
    )
    assert ticks.tick() == []


def test_a_tenant_that_is_claimed_is_in_flight_whoever_works_on_it(
    ticks: Ticks, database: Database
) -> None:
    ticks.knowledge.article("acme", "One")
    with database.tenant_transaction(id_of("acme")) as connection:
        claim_tenant(connection, id_of("acme"), holder := uuid4(), timedelta(hours=1))
    assert ticks.tick() == []
    assert "1 in flight" in str(ticks.skipped)
    assert Cursor.parse(ticks.cursor).rest_until is None
    with database.tenant_transaction(id_of("acme")) as connection:
        release_tenant(connection, id_of("acme"), holder)
    assert len(ticks.tick()) == 1


def test_a_tenant_whose_circuit_is_open_is_left_for_later_and_looked_at_each_time(
    ticks: Ticks,
) -> None:
    ticks.knowledge.article("acme", "One")
    breaker = ticks.embed.provider.breaker
    for _ in range(3):
        breaker.record(Permit(id_of("acme")), Verdict.COUNTED)
    assert ticks.tick() == []
    assert "1 with an open circuit" in str(ticks.skipped)
    breaker.reset(id_of("acme"))
    assert len(ticks.tick()) == 1


def test_a_tenant_without_a_key_is_requested_once_and_then_rests_until_it_has_one(
    ticks: Ticks,
) -> None:
    ticks.knowledge.set_key("blue", None)
    ticks.knowledge.article("blue", "One")
    assert len(ticks.tick()) == 1
    ticks.knowledge.run(ticks.embed, "blue")
    assert ticks.tick() == []
    assert "1 paused" in str(ticks.skipped)
    ticks.knowledge.set_key("blue", KEY)
    assert len(until_requested(ticks)) == 1


def test_articles_that_wait_are_requested_when_they_are_due(ticks: Ticks) -> None:
    ticks.knowledge.article("acme", "One")
    with embedder(ticks.knowledge.database, "http://127.0.0.1:9/v1") as unreachable:
        ticks.knowledge.run(unreachable, "acme")
    assert ticks.tick() == []
    ticks.knowledge.make_due("acme")
    ticks.cursor = None
    assert len(ticks.tick()) == 1


def test_an_article_that_waits_and_is_unpublished_lets_the_sensor_rest(ticks: Ticks) -> None:
    article = ticks.knowledge.article("acme", "One")
    with embedder(ticks.knowledge.database, "http://127.0.0.1:9/v1") as unreachable:
        ticks.knowledge.run(unreachable, "acme")
    ticks.knowledge.edit("acme", article, status="archived")
    ticks.knowledge.make_due("acme")
    ticks.tick()
    rest_until = Cursor.parse(ticks.cursor).rest_until
    assert rest_until is not None
    assert rest_until > datetime.now(UTC)


def test_a_tenant_that_is_suspended_is_not_requested(ticks: Ticks, database: Database) -> None:
    ticks.knowledge.article("acme", "One")
    with database.operator_transaction() as connection:
        connection.execute("UPDATE tenants SET status = 'suspended'")
    assert ticks.tick() == []


def test_what_is_known_of_a_deleted_tenant_is_removed_once_no_run_works_on_it(
    ticks: Ticks, database: Database
) -> None:
    def known() -> list[tuple[int, ...]]:
        with database.operator_transaction() as connection:
            return connection.execute(
                "SELECT (SELECT count(*) FROM loopctl_pipelines.embedding_states)::integer,"
                " (SELECT count(*) FROM loopctl_pipelines.embedding_tenants)::integer"
            ).fetchall()

    for slug in ("acme", "blue"):
        ticks.knowledge.articles(slug, 2)
        ticks.knowledge.run(ticks.embed, slug)
    with database.tenant_transaction(id_of("acme")) as connection:
        claim_tenant(connection, id_of("acme"), holder := uuid4(), timedelta(hours=1))
    with database.operator_transaction() as connection:
        connection.execute("DELETE FROM articles WHERE tenant_id = %s", [id_of("acme")])
        connection.execute("DELETE FROM tenants WHERE id = %s", [id_of("acme")])
    ticks.tick()
    assert known() == [(4, 2)]
    with database.tenant_transaction(id_of("acme")) as connection:
        release_tenant(connection, id_of("acme"), holder)
    ticks.cursor = None
    ticks.tick()
    assert known() == [(2, 1)]
    assert set(ticks.knowledge.states("blue")) == {"Article 0", "Article 1"}


def test_a_tenant_without_a_partition_waits_for_tenants_sensor(ticks: Ticks) -> None:
    ticks.knowledge.tenant("new")
    ticks.knowledge.article("new", "One")
    assert ticks.tick() == []
    sync_tenants(ticks.instance, ticks.knowledge.database)
    assert len(ticks.tick()) == 1


def test_while_nothing_changes_the_articles_are_not_looked_at(
    ticks: Ticks, database: Database
) -> None:
    ticks.knowledge.articles("acme", 3)
    ticks.knowledge.run(ticks.embed, "acme")
    ticks.tick()
    until_counted(ticks)
    with database.operator_transaction() as connection:
        connection.execute("DROP VIEW loopctl_pipelines.pending_articles")
    assert ticks.tick() == []


def test_a_change_ends_the_rest(ticks: Ticks) -> None:
    ticks.tick()
    until_counted(ticks)
    ticks.knowledge.article("cold", "One")
    (request,) = until_requested(ticks)
    assert tenants_of(request) == ("cold", "cold")


def test_a_rest_ends_after_ten_minutes_whatever_the_counters_say(ticks: Ticks) -> None:
    now = datetime(2026, 4, 2, tzinfo=UTC)
    rested = Cursor(articles_version="1", rest_until=now + timedelta(minutes=10))
    assert rested.may_rest("1", now)
    assert not rested.may_rest("2", now)
    assert not rested.may_rest(None, now)
    assert not rested.may_rest("1", now + timedelta(minutes=10))
    ticks.tick()
    rest_until = Cursor.parse(ticks.cursor).rest_until
    assert rest_until is not None
    assert rest_until <= datetime.now(UTC) + timedelta(minutes=10)


@pytest.mark.parametrize("text", [None, "", "{", '{"in_flight": 3}', "[]"])
def test_an_unreadable_cursor_remembers_nothing(text: str | None) -> None:
    assert Cursor.parse(text) == Cursor()
