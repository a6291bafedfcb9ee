"""Extractions are killed at several points: no article is lost, none comes twice."""

import os
import threading
import time
from multiprocessing.process import BaseProcess
from signal import SIGCONT, SIGKILL, SIGSTOP

import pytest

from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.knowledge.extraction.storage.articles import store
from loopctl_pipelines.knowledge.extraction.work import text_run
from loopctl_pipelines.llm.fake.messages_server import MessagesServer
from loopctl_pipelines_tests.knowledge.embedding import passing_time
from loopctl_pipelines_tests.knowledge.extraction.answers import (
    Asked,
    ToolInput,
    answering,
    titled_by_first_line,
)
from loopctl_pipelines_tests.knowledge.extraction.documents import Documents, extractor
from loopctl_pipelines_tests.warm_commands import processes

PATIENT_SECONDS = 120.0
IDLE_SECONDS = 3.0
IN_FLIGHT = 8
# a run is killed during so many of its requests
KILLED_AT = (1, 4, 9, 11, 2)
DOCUMENTS, CHUNKS = 3, 15
TITLES = sorted(
    f"Section {document}.{chunk}" for document in range(DOCUMENTS) for chunk in range(CHUNKS)
)


def _extract(url: str, role: str, base_url: str) -> None:
    database = Database(url, role)
    database.idle_seconds = IDLE_SECONDS
    with extractor(database, base_url) as extract:
        extract.requests_per_tenant = IN_FLIGHT
        Documents(database).run(extract, "acme")


class KilledRuns:
    """Runs of `acme` against one server, each of which is killed."""

    def __init__(self, documents: Documents, database_url: str) -> None:
        self.documents = documents
        self.database_url = database_url
        self._until = threading.Semaphore(0)

    def reply(self, tool: str, system: str, message: str) -> ToolInput:
        self._until.release()
        return titled_by_first_line(tool, system, message)

    def kill_at(self, request: int, server: MessagesServer) -> None:
        """Start a run, and kill it after it has sent so many requests."""
        process = self.start(server)
        self.wait_for(request)
        process.kill()
        process.join()
        assert process.exitcode == -SIGKILL
        passing_time.claim_lease(self.documents.database)

    def start(self, server: MessagesServer) -> BaseProcess:
        """Start a run in a process of its own."""
        while self._until.acquire(blocking=False):
            pass
        arguments = (self.database_url, self.documents.database.role, server.base_url)
        process = processes.Process(target=_extract, args=arguments)
        process.start()
        return process

    def wait_for(self, requests: int) -> None:
        """Wait until the server was asked so many times since a run was started."""
        for _ in range(requests):
            assert self._until.acquire(timeout=PATIENT_SECONDS)

    def paid(self) -> int:
        """Return how many results are stored; each has its row in the ledger."""
        query = "SELECT count(*) FROM {}"
        [[stored]] = self.documents.rows("acme", query.format("loopctl_pipelines.extractions"))
        [[billed]] = self.documents.rows("acme", query.format("llm_usage_events"))
        assert stored == billed
        return int(stored)


@pytest.fixture
def runs(documents: Documents, database_url: str) -> KilledRuns:
    documents.tenant("acme")
    for document in range(DOCUMENTS):
        sections = (f"# Section {document}.{chunk}\n{'word ' * 1_500}" for chunk in range(CHUNKS))
        documents.document("acme", "\n".join(sections))
    return KilledRuns(documents, database_url)


def test_after_many_kills_each_article_is_there_once_and_only_calls_in_flight_were_paid_twice(
    runs: KilledRuns,
) -> None:
    with answering(runs.reply, latency_seconds=0.05) as (server, asked):
        for kills, request in enumerate(KILLED_AT, start=1):
            runs.kill_at(request, server)
            assert len(asked.messages) - runs.paid() <= kills * IN_FLIGHT
        assert runs.documents.states("acme") != [("done", None, 0)] * DOCUMENTS
        with extractor(runs.documents.database, server.base_url) as extract:
            assert runs.documents.run(extract, "acme").error is None
        _check_paid_once(asked)
    assert runs.documents.titles("acme") == TITLES
    assert runs.documents.states("acme") == [("done", None, 0)] * DOCUMENTS
    assert runs.paid() == len(TITLES)


def _check_paid_once(asked: Asked) -> None:
    assert len(set(asked.messages)) == len(TITLES)
    assert len(asked.messages) <= len(TITLES) + len(KILLED_AT) * IN_FLIGHT


def test_two_processes_at_once_pay_once_and_a_suspended_one_only_for_its_calls_in_flight(
    runs: KilledRuns,
) -> None:
    with answering(runs.reply, latency_seconds=0.05) as (server, asked):
        suspended = runs.start(server)
        runs.wait_for(11)
        assert suspended.pid
        os.kill(suspended.pid, SIGSTOP)
        # as if it were suspended for longer than its lease
        passing_time.claim_lease(runs.documents.database)
        both = [runs.start(server), runs.start(server)]
        for process in both:
            process.join(PATIENT_SECONDS)
        os.kill(suspended.pid, SIGCONT)
        suspended.join(PATIENT_SECONDS)
        assert [process.exitcode for process in (*both, suspended)] == [0, 0, 0]
        assert len(set(asked.messages)) == len(TITLES)
        assert len(asked.messages) <= len(TITLES) + IN_FLIGHT
    assert runs.documents.titles("acme") == TITLES
    assert runs.documents.states("acme") == [("done", None, 0)] * DOCUMENTS


def test_no_more_results_wait_to_be_written_than_requests_may_be_in_flight(
    runs: KilledRuns, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_hand = list[int]()
    with answering(titled_by_first_line) as (server, asked):

        def slow_store(*arguments: object) -> object:
            time.sleep(0.02)
            [[written]] = runs.documents.rows("acme", "SELECT count(*) FROM llm_usage_events")
            in_hand.append(len(asked.messages) - written)
            return store(*arguments)  # type: ignore[arg-type]

        monkeypatch.setattr(text_run, "store", slow_store)
        with extractor(runs.documents.database, server.base_url, requests=3) as extract:
            assert runs.documents.run(extract, "acme").error is None
    assert len(in_hand) == len(TITLES)
    assert max(in_hand) == 3
