"""A run still works on some tenants: new articles of those that it is done with need not wait."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from uuid import uuid4

import pytest
from dagster import DagsterInstance, DagsterRunStatus, RunRequest

from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.knowledge.embedding.operator_queries import (
    begin_embedding,
    finish_embedding,
)
from loopctl_pipelines.knowledge.embedding.storage.queries import claim_tenant, release_tenant
from loopctl_pipelines.orchestration.in_process_runs import EndedRun
from loopctl_pipelines_tests.knowledge.embedding.knowledge import Knowledge, embedder
from loopctl_pipelines_tests.knowledge.embedding.scripted_provider import scripted
from loopctl_pipelines_tests.knowledge.embedding.ticking import SLUGS, Ticks, tenants_of
from loopctl_pipelines_tests.llm.openai.failing_provider import Exchange
from loopctl_pipelines_tests.usage import id_of

PATIENT_SECONDS = 60
SLOW = "A slow body."


class Answers:
    """What the provider is asked; a slow text is answered when the test says so."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.asked_for_slow = threading.Event()
        self.answer_slow = threading.Event()

    def script(self, exchange: Exchange) -> None:
        self.texts += exchange.texts
        if any(SLOW in text for text in exchange.texts):
            self.asked_for_slow.set()
            self.answer_slow.wait(PATIENT_SECONDS)


@pytest.fixture
def answers() -> Answers:
    return Answers()


@pytest.fixture
def ticks(database: Database, instance: DagsterInstance, answers: Answers) -> Iterator[Ticks]:
    knowledge = Knowledge(database)
    for slug in SLUGS:
        knowledge.tenant(slug)
    with (
        scripted(answers.script) as provider,
        embedder(database, provider.base_url, deadline_seconds=PATIENT_SECONDS) as embed,
    ):
        yield Ticks(knowledge, instance, embed)


@contextmanager
def at_work(ticks: Ticks, request: RunRequest, answers: Answers) -> Iterator[Future[EndedRun]]:
    """Run what was requested; in the block the provider has its slow text, and no answer yet."""
    with ThreadPoolExecutor(1) as threads:
        running = threads.submit(ticks.run, request)
        try:
            assert answers.asked_for_slow.wait(PATIENT_SECONDS)
            yield running
        finally:
            answers.answer_slow.set()
        assert running.result().failure is None


def quick_and_slow(ticks: Ticks) -> RunRequest:
    """Have one run requested for `acme`, which is quick, and `cold`, which is slow."""
    ticks.knowledge.article("acme", "One")
    ticks.knowledge.article("cold", "One", SLOW)
    (request,) = ticks.tick()
    return request


def finished(ticks: Ticks) -> set[str]:
    """Return the tenants that a run is known to be done with."""
    with ticks.knowledge.database.operator_transaction() as connection:
        rows = connection.execute("SELECT tenant_id FROM loopctl_pipelines.finished_embeddings")
        ids = {tenant_id for (tenant_id,) in rows}
    return {slug for slug in SLUGS if id_of(slug) in ids}


def until_finished(ticks: Ticks, *slugs: str) -> None:
    given_up = time.monotonic() + PATIENT_SECONDS
    while not finished(ticks).issuperset(slugs):
        assert time.monotonic() < given_up


def test_what_is_new_of_a_tenant_that_a_run_is_done_with_is_requested_each_time_and_paid_for_once(
    ticks: Ticks, answers: Answers
) -> None:
    first = quick_and_slow(ticks)
    with at_work(ticks, first, answers):
        until_finished(ticks, "acme")
        assert ticks.tick() == []
        for title in ("Two", "Three"):
            ticks.knowledge.article("acme", title)
            (more,) = ticks.tick()
            assert tenants_of(more) == ("acme", "acme")
            assert "1 in flight" not in str(ticks.skipped)
            assert ticks.run(more).failure is None
        assert ticks.knowledge.embedded("acme") == {"One", "Two", "Three"}
        assert ticks.knowledge.embedded("cold") == set()
    assert ticks.knowledge.embedded("cold") == {"One"}
    assert len(answers.texts) == len(set(answers.texts)) == 4


def test_what_was_requested_of_it_anew_is_in_flight_again(ticks: Ticks, answers: Answers) -> None:
    first = quick_and_slow(ticks)
    with at_work(ticks, first, answers):
        until_finished(ticks, "acme")
        ticks.knowledge.article("acme", "Two")
        (more,) = ticks.tick()
        ticks.start(more, DagsterRunStatus.NOT_STARTED)
        assert ticks.tick() == []
        assert "2 in flight" in str(ticks.skipped)


def test_a_tenant_that_a_run_has_not_begun_yet_is_in_flight(ticks: Ticks, answers: Answers) -> None:
    ticks.embed.tenants_at_once = 1
    ticks.knowledge.article("acme", "One", SLOW)
    ticks.knowledge.article("cold", "One")
    (first,) = ticks.tick()
    with at_work(ticks, first, answers):
        ticks.knowledge.article("cold", "Two")
        assert ticks.tick() == []
        assert "2 in flight" in str(ticks.skipped)
    assert ticks.knowledge.embedded("cold") == {"One", "Two"}


def test_a_tenant_that_a_run_leaves_out_is_not_in_flight(
    ticks: Ticks, answers: Answers, database: Database
) -> None:
    first = quick_and_slow(ticks)
    with database.tenant_transaction(id_of("acme")) as connection:
        claim_tenant(connection, id_of("acme"), holder := uuid4(), timedelta(hours=1))
    with at_work(ticks, first, answers):
        assert ticks.tick() == []
        with database.tenant_transaction(id_of("acme")) as connection:
            release_tenant(connection, id_of("acme"), holder)
        (more,) = ticks.tick()
        assert tenants_of(more) == ("acme", "acme")


def test_a_run_that_is_resumed_is_done_with_no_tenant(ticks: Ticks, database: Database) -> None:
    ticks.knowledge.article("acme", "One")
    (request,) = ticks.tick()
    run_id = ticks.start(request, DagsterRunStatus.STARTED)
    finish_embedding(database, run_id, id_of("acme"))
    begin_embedding(database, run_id, skipped=[])
    assert ticks.tick() == []
    finish_embedding(database, run_id, id_of("acme"))
    assert len(ticks.tick()) == 1


def test_a_run_that_is_executed_again_works_on_tenants_that_its_parent_was_done_with(
    ticks: Ticks, database: Database
) -> None:
    ticks.knowledge.article("acme", "One")
    (request,) = ticks.tick()
    parent = ticks.start(request, DagsterRunStatus.STARTED)
    finish_embedding(database, parent, id_of("acme"))
    ticks.end(parent)
    ticks.start(request, DagsterRunStatus.NOT_STARTED)
    assert ticks.tick() == []
    assert "1 in flight" in str(ticks.skipped)


def test_of_a_run_that_has_ended_nothing_is_kept(ticks: Ticks, answers: Answers) -> None:
    request = quick_and_slow(ticks)
    with at_work(ticks, request, answers):
        until_finished(ticks, "acme")
        ticks.tick()
        assert "acme" in finished(ticks)
    assert finished(ticks) == set(SLUGS)
    ticks.tick()
    assert finished(ticks) == set()
