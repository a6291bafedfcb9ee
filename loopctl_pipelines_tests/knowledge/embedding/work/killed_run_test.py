"""A run is killed while the provider has its request: nothing is lost, nothing blocks."""

import threading
from datetime import timedelta
from signal import SIGKILL

import pytest

from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.llm.breaker import Breaker
from loopctl_pipelines.llm.circuit import BreakerPolicy, CircuitState, Permit, Rejected, Verdict
from loopctl_pipelines.llm.fake.loopback import LoopbackServer
from loopctl_pipelines.llm.openai.exceptions import OPENAI
from loopctl_pipelines_tests.knowledge.embedding import passing_time
from loopctl_pipelines_tests.knowledge.embedding.knowledge import KEY, Knowledge, embedder
from loopctl_pipelines_tests.llm.failing_provider import Exchange, FailingProvider
from loopctl_pipelines_tests.usage import id_of
from loopctl_pipelines_tests.warm_commands import processes

ACME = id_of("acme")
PATIENT_SECONDS = 120.0
# longer than the test, so that nothing expires by itself
POLICY = BreakerPolicy(cooldown=timedelta(hours=1), probe_lease=timedelta(hours=1))


def _embed(url: str, role: str, base_url: str) -> None:
    database = Database(url, role)
    with embedder(database, base_url, policy=POLICY, deadline_seconds=PATIENT_SECONDS) as embed:
        Knowledge(database).run(embed, "acme")


@pytest.fixture
def knowledge(database: Database) -> Knowledge:
    """One tenant with three articles, whose circuit is half-open."""
    knowledge = Knowledge(database)
    knowledge.tenant("acme")
    knowledge.articles("acme", 3)
    breaker = Breaker(database, OPENAI.name, POLICY)
    for _ in range(POLICY.failure_threshold):
        breaker.record(Permit(ACME), Verdict.COUNTED)
    passing_time.cooldown(database)
    return knowledge


@pytest.fixture
def killed(knowledge: Knowledge, database_url: str) -> list[str]:
    """Kill a run while its request is in flight; return the busy database sessions."""
    arrived = threading.Event()

    def hang(exchange: Exchange) -> None:
        arrived.set()
        exchange.wait(PATIENT_SECONDS)

    with FailingProvider(hang) as provider:
        process = processes.Process(
            target=_embed, args=(database_url, knowledge.database.role, provider.base_url)
        )
        process.start()
        assert arrived.wait(PATIENT_SECONDS)
        busy = _busy_sessions(knowledge.database)
        process.kill()
        process.join()
        assert process.exitcode == -SIGKILL
    return busy


def test_during_a_request_no_session_is_in_a_transaction(killed: list[str]) -> None:
    assert killed == []


@pytest.mark.usefixtures("killed")
def test_the_articles_of_a_killed_run_are_embedded_by_the_next_and_the_circuit_closes(
    knowledge: Knowledge,
) -> None:
    assert knowledge.embedded("acme") == set()
    assert len(knowledge.pending("acme")) == 3
    passing_time.claim_lease(knowledge.database)
    passing_time.probe_lease(knowledge.database)
    with (
        LoopbackServer([KEY]) as provider,
        embedder(knowledge.database, provider.base_url, policy=POLICY) as embed,
    ):
        outcome = knowledge.run(embed, "acme")
    assert (outcome.error, outcome.counts.embedded) == (None, 3)
    assert outcome.breaker is CircuitState.CLOSED
    assert knowledge.pending("acme") == set()


@pytest.mark.usefixtures("killed")
def test_no_other_run_takes_over_before_the_leases_of_a_killed_run_end(
    knowledge: Knowledge,
) -> None:
    assert isinstance(Breaker(knowledge.database, OPENAI.name, POLICY).admit(ACME), Rejected)
    [(held,)] = knowledge.rows(
        "acme", "SELECT held_until > now() FROM loopctl_pipelines.tenant_operations"
    )
    assert held


def _busy_sessions(database: Database) -> list[str]:
    with database.operator_transaction() as connection:
        rows = connection.execute(
            "SELECT state || ': ' || query FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            " AND backend_type = 'client backend' AND state <> 'idle'"
        ).fetchall()
    return [row[0] for row in rows]
