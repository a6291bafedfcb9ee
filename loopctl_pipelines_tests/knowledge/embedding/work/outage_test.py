"""The database is down when the provider answers: paid vectors are kept until it is back."""

import os
import signal
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from functools import partial
from pathlib import Path

import psutil
import pytest
from dagster import AssetKey

from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.database.embedded import EmbeddedServer
from loopctl_pipelines.database.upgrade import upgrade
from loopctl_pipelines.definitions import build_definitions
from loopctl_pipelines.knowledge.embedding.jobs import EMBED_ARTICLES
from loopctl_pipelines.knowledge.embedding.work.tenant_outcome import Counts, TenantOutcome
from loopctl_pipelines.knowledge.tenant_work.claim import Claim
from loopctl_pipelines.knowledge.tenant_work.job_runs import run_for_tenants
from loopctl_pipelines.llm.circuit import CircuitState, Permit, Verdict
from loopctl_pipelines.orchestration.instance import dagster_instance
from loopctl_pipelines.settings import Settings
from loopctl_pipelines.tenants.sync import sync_tenants
from loopctl_pipelines_tests.knowledge.embedding import passing_time
from loopctl_pipelines_tests.knowledge.embedding.knowledge import Knowledge, embedder
from loopctl_pipelines_tests.knowledge.embedding.scripted_provider import Script, scripted
from loopctl_pipelines_tests.llm import failing_provider as faults
from loopctl_pipelines_tests.llm.failing_provider import Exchange, Fault
from loopctl_pipelines_tests.usage import id_of

PATIENT_SECONDS = 60.0
AWAY_SECONDS = 4.0  # several attempts to connect
TITLES = {"Article 0", "Article 1", "Article 2"}

Begins = Callable[[Exchange], bool]


class Outage:
    """Stops a server while the provider has a request, and starts it again after a while.

    It stops as in a crash: no session is notified, and nothing uncommitted is written.
    """

    def __init__(self, server: EmbeddedServer, database: Database) -> None:
        self._server = server
        with database.connect() as connection:
            self._postmaster = psutil.Process(connection.info.backend_pid).parent()
        self._begun = threading.Lock()
        self._back: threading.Timer | None = None
        self.texts: Counter[str] = Counter()

    def at_first(self, begins: Begins, fault: Fault | None = None) -> Script:
        """Begin with the first request for which `begins` is true; answer it with the fault."""

        def script(exchange: Exchange) -> Fault | None:
            self.texts.update(exchange.texts)
            # requests in flight are answered while the database is down
            with self._begun:
                if self._back is None and begins(exchange):
                    self._begin()
                    return fault
            return None

        return script

    def end(self) -> None:
        if self._back is not None:
            self._back.join()

    def _begin(self) -> None:
        assert self._postmaster
        os.kill(self._postmaster.pid, signal.SIGQUIT)
        self._postmaster.wait(PATIENT_SECONDS)
        self._server.stop()
        self._back = threading.Timer(AWAY_SECONDS, self._server.start)
        self._back.start()


@pytest.fixture
def knowledge(own_server: EmbeddedServer) -> Iterator[Knowledge]:
    url = own_server.url("loopctl")
    upgrade(url)
    with closing(Database(url, "loopctl_app", patience=1)) as database:
        knowledge = Knowledge(database)
        knowledge.tenant("acme")
        knowledge.articles("acme", 3)
        yield knowledge


@pytest.fixture
def outage(own_server: EmbeddedServer, knowledge: Knowledge) -> Iterator[Outage]:
    outage = Outage(own_server, knowledge.database)
    yield outage
    outage.end()


def run(
    knowledge: Knowledge, outage: Outage, begins: Begins, fault: Fault | None = None
) -> TenantOutcome:
    """Run once; the outage begins with a request that gets this fault, or vectors if None."""
    with (
        scripted(outage.at_first(begins, fault)) as provider,
        embedder(knowledge.database, provider.base_url, deadline_seconds=PATIENT_SECONDS) as embed,
    ):
        return knowledge.run(embed, "acme")


def at_once(_: Exchange) -> bool:
    return True


def ledger(knowledge: Knowledge) -> list[tuple[int, ...]]:
    return knowledge.rows("acme", "SELECT input_tokens FROM llm_usage_events")


def audited(knowledge: Knowledge) -> int:
    return len(knowledge.rows("acme", "SELECT FROM audit_log"))


def test_an_answer_is_written_once_when_the_database_is_back(
    knowledge: Knowledge, outage: Outage
) -> None:
    outcome = run(knowledge, outage, at_once)
    assert (outcome.error, outcome.counts) == (None, Counts(embedded=3, requests=1, tokens=7))
    assert (len(outage.texts), outage.texts.total()) == (3, 3)
    assert knowledge.embedded("acme") == TITLES
    assert knowledge.pending("acme") == set()
    assert (audited(knowledge), ledger(knowledge)) == (3, [(7,)])


def test_the_run_is_recorded_although_its_storage_was_down_as_well(
    knowledge: Knowledge,
    outage: Outage,
    own_server: EmbeddedServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LOOPCTL_DAGSTER_URL", own_server.url("dagster"))
    with (
        dagster_instance(tmp_path) as instance,
        scripted(outage.at_first(at_once)) as provider,
        embedder(knowledge.database, provider.base_url, deadline_seconds=PATIENT_SECONDS) as embed,
    ):
        sync_tenants(instance, knowledge.database)
        definitions = build_definitions(
            Settings(), resources={"database": knowledge.database, "embedder": embed}
        )
        job = definitions.resolve_job_def(EMBED_ARTICLES)
        (ended,) = run_for_tenants(instance, job, ["acme"])
    assert ended.failure is None
    assert ended.materialized == [(AssetKey("article_embeddings"), "acme")]
    assert outage.texts.total() == 3


def test_answers_of_concurrent_requests_are_all_kept_and_the_others_are_sent_afterwards(
    knowledge: Knowledge, outage: Outage
) -> None:
    # so many bytes that a request holds two of them
    for n in range(12):
        knowledge.article("acme", f"Long {n}", "\N{GRINNING FACE}" * 32_000)
    outcome = run(knowledge, outage, lambda exchange: exchange.texts[0].startswith("Long"))
    assert (outcome.error, outcome.counts.embedded) == (None, 15)
    assert (len(outage.texts), outage.texts.total()) == (15, 15)
    assert len(knowledge.embedded("acme")) == 15
    assert (audited(knowledge), len(ledger(knowledge))) == (15, outcome.counts.requests)


def test_a_probe_answered_during_the_outage_closes_the_circuit(
    knowledge: Knowledge, outage: Outage
) -> None:
    with embedder(knowledge.database, "http://127.0.0.1:9/v1") as embed:
        for _ in range(3):
            embed.provider.breaker.record(Permit(id_of("acme")), Verdict.COUNTED)
    passing_time.cooldown(knowledge.database)
    outcome = run(knowledge, outage, at_once)
    assert (outcome.error, outcome.counts.embedded) == (None, 3)
    assert outcome.breaker is CircuitState.CLOSED


def test_a_failure_during_the_outage_uses_an_attempt_and_counts(
    knowledge: Knowledge, outage: Outage
) -> None:
    outcome = run(knowledge, outage, at_once, faults.refusal(503))
    assert (outcome.error, outcome.counts) == (None, Counts(waiting=3))
    assert knowledge.states("acme") == dict.fromkeys(TITLES, ("api_error status=503", 1, True))
    with embedder(knowledge.database, "http://127.0.0.1:9/v1") as embed:
        assert embed.provider.breaker.state(id_of("acme")).failures == 1


def test_a_batch_rejected_during_the_outage_is_split_afterwards_by_the_same_run(
    knowledge: Knowledge, outage: Outage, monkeypatch: pytest.MonkeyPatch
) -> None:
    # shorter than the outage, so that it lapses and must be renewed before each request
    briefly = partial(Claim, lease=timedelta(0))
    monkeypatch.setattr("loopctl_pipelines.knowledge.embedding.work.tenant_run.Claim", briefly)
    outcome = run(knowledge, outage, at_once, faults.refusal(400))
    assert (outcome.error, outcome.counts.embedded) == (None, 3)
    assert outage.texts.total() == 6
