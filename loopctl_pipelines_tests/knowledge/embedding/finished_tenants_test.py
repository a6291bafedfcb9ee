"""New articles of a tenant that a run has finished need not wait for the end of the run."""

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
from loopctl_pipelines.knowledge.tenant_work.claim import claim_tenant, release_tenant
from loopctl_pipelines.knowledge.tenant_work.operator_queries import begin_run, finish_tenant
from loopctl_pipelines.llm.operation import Operation
from loopctl_pipelines.orchestration.in_process_runs import EndedRun
from loopctl_pipelines_tests.knowledge.embedding.knowledge import Knowledge, embedder
from loopctl_pipelines_tests.knowledge.embedding.scripted_provider import scripted
from loopctl_pipelines_tests.knowledge.embedding.sensor_evaluations import (
    SLUGS,
    EvaluatedSensor,
    tenants_of,
)
from loopctl_pipelines_tests.llm.failing_provider import Exchange
from loopctl_pipelines_tests.usage import id_of

PATIENT_SECONDS = 60
SLOW = "A slow body."


class Answers:
    """Records the provider's texts; answers a slow text only when the test says so."""

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
def sensor(
    database: Database, instance: DagsterInstance, answers: Answers
) -> Iterator[EvaluatedSensor]:
    knowledge = Knowledge(database)
    for slug in SLUGS:
        knowledge.tenant(slug)
    with (
        scripted(answers.script) as provider,
        embedder(database, provider.base_url, deadline_seconds=PATIENT_SECONDS) as embed,
    ):
        yield EvaluatedSensor(knowledge, instance, embed)


@contextmanager
def at_work(
    sensor: EvaluatedSensor, request: RunRequest, answers: Answers
) -> Iterator[Future[EndedRun]]:
    """Run a request; during the block the provider has its slow text and has not answered."""
    with ThreadPoolExecutor(1) as threads:
        running = threads.submit(sensor.run, request)
        try:
            assert answers.asked_for_slow.wait(PATIENT_SECONDS)
            yield running
        finally:
            answers.answer_slow.set()
        assert running.result().failure is None


def quick_and_slow(sensor: EvaluatedSensor) -> RunRequest:
    """Return a request for `acme`, which is quick, and `cold`, which is slow."""
    sensor.knowledge.article("acme", "One")
    sensor.knowledge.article("cold", "One", SLOW)
    (request,) = sensor.evaluate()
    return request


def finished(sensor: EvaluatedSensor) -> set[str]:
    """Return the tenants that a run has recorded as finished."""
    with sensor.knowledge.database.operator_transaction() as connection:
        rows = connection.execute("SELECT tenant_id FROM loopctl_pipelines.finished_tenants")
        ids = {tenant_id for (tenant_id,) in rows}
    return {slug for slug in SLUGS if id_of(slug) in ids}


def until_finished(sensor: EvaluatedSensor, *slugs: str) -> None:
    given_up = time.monotonic() + PATIENT_SECONDS
    while not finished(sensor).issuperset(slugs):
        assert time.monotonic() < given_up
        time.sleep(0.02)


def test_new_articles_of_a_finished_tenant_are_requested_every_time_and_paid_for_once(
    sensor: EvaluatedSensor, answers: Answers
) -> None:
    first = quick_and_slow(sensor)
    with at_work(sensor, first, answers):
        until_finished(sensor, "acme")
        assert sensor.evaluate() == []
        for title in ("Two", "Three"):
            sensor.knowledge.article("acme", title)
            (more,) = sensor.evaluate()
            assert tenants_of(more) == ("acme", "acme")
            assert "1 in flight" not in str(sensor.skipped)
            assert sensor.run(more).failure is None
        assert sensor.knowledge.embedded("acme") == {"One", "Two", "Three"}
        assert sensor.knowledge.embedded("cold") == set()
    assert sensor.knowledge.embedded("cold") == {"One"}
    assert len(answers.texts) == len(set(answers.texts)) == 4


def test_a_finished_tenant_that_is_requested_again_is_in_flight_again(
    sensor: EvaluatedSensor, answers: Answers
) -> None:
    first = quick_and_slow(sensor)
    with at_work(sensor, first, answers):
        until_finished(sensor, "acme")
        sensor.knowledge.article("acme", "Two")
        (more,) = sensor.evaluate()
        sensor.start(more, DagsterRunStatus.NOT_STARTED)
        assert sensor.evaluate() == []
        assert "2 in flight" in str(sensor.skipped)


def test_a_tenant_that_a_run_has_not_begun_yet_is_in_flight(
    sensor: EvaluatedSensor, answers: Answers
) -> None:
    sensor.embed.tenants_at_once = 1
    sensor.knowledge.article("acme", "One", SLOW)
    sensor.knowledge.article("cold", "One")
    (first,) = sensor.evaluate()
    with at_work(sensor, first, answers):
        sensor.knowledge.article("cold", "Two")
        assert sensor.evaluate() == []
        assert "2 in flight" in str(sensor.skipped)
    assert sensor.knowledge.embedded("cold") == {"One", "Two"}


def test_a_tenant_that_a_run_skips_is_not_in_flight(
    sensor: EvaluatedSensor, answers: Answers, database: Database
) -> None:
    first = quick_and_slow(sensor)
    with database.tenant_transaction(id_of("acme")) as connection:
        claim_tenant(
            connection, id_of("acme"), Operation.EMBEDDING, holder := uuid4(), timedelta(hours=1)
        )
    with at_work(sensor, first, answers):
        assert sensor.evaluate() == []
        with database.tenant_transaction(id_of("acme")) as connection:
            release_tenant(connection, id_of("acme"), Operation.EMBEDDING, holder)
        (more,) = sensor.evaluate()
        assert tenants_of(more) == ("acme", "acme")


def test_a_resumed_run_has_finished_no_tenant(sensor: EvaluatedSensor, database: Database) -> None:
    sensor.knowledge.article("acme", "One")
    (request,) = sensor.evaluate()
    run_id = sensor.start(request, DagsterRunStatus.STARTED)
    finish_tenant(database, Operation.EMBEDDING, run_id, id_of("acme"))
    begin_run(database, Operation.EMBEDDING, run_id, skipped=[])
    assert sensor.evaluate() == []
    finish_tenant(database, Operation.EMBEDDING, run_id, id_of("acme"))
    assert len(sensor.evaluate()) == 1


def test_a_retried_run_works_on_tenants_that_its_parent_had_finished(
    sensor: EvaluatedSensor, database: Database
) -> None:
    sensor.knowledge.article("acme", "One")
    (request,) = sensor.evaluate()
    parent = sensor.start(request, DagsterRunStatus.STARTED)
    finish_tenant(database, Operation.EMBEDDING, parent, id_of("acme"))
    sensor.end(parent)
    sensor.start(request, DagsterRunStatus.NOT_STARTED)
    assert sensor.evaluate() == []
    assert "1 in flight" in str(sensor.skipped)


def test_nothing_is_kept_about_a_run_that_has_ended(
    sensor: EvaluatedSensor, answers: Answers
) -> None:
    request = quick_and_slow(sensor)
    with at_work(sensor, request, answers):
        until_finished(sensor, "acme")
        sensor.evaluate()
        assert "acme" in finished(sensor)
    assert finished(sensor) == set(SLUGS)
    sensor.evaluate()
    assert finished(sensor) == set()
