"""The settings of embedding reach the requests."""

import json

import pytest

from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.knowledge.embedding.definitions import build_embedder
from loopctl_pipelines.knowledge.embedding.work.tenant_outcome import TenantOutcome
from loopctl_pipelines.llm.circuit import DEFAULT_POLICY
from loopctl_pipelines.llm.fake.loopback import LoopbackServer
from loopctl_pipelines.llm.openai.exceptions import DEADLINE_SECONDS, policy_for
from loopctl_pipelines.settings import Settings
from loopctl_pipelines_tests.knowledge.embedding.knowledge import CLOAK_KEY, KEY, Knowledge
from loopctl_pipelines_tests.knowledge.embedding.scripted_provider import lexical
from loopctl_pipelines_tests.llm.failing_provider import Exchange, FailingProvider


@pytest.fixture
def knowledge(database: Database) -> Knowledge:
    knowledge = Knowledge(database)
    knowledge.tenant("acme")
    knowledge.articles("acme", 5)
    return knowledge


def run(knowledge: Knowledge, settings: Settings) -> TenantOutcome:
    embedder = build_embedder(settings, knowledge.database)
    try:
        return knowledge.run(embedder, "acme")
    finally:
        embedder.close()


def test_a_slow_server_needs_a_longer_deadline(knowledge: Knowledge) -> None:
    with LoopbackServer([KEY], latency_seconds=1.5) as server:
        impatient = Settings(
            cloak_key=CLOAK_KEY,
            embedding_base_url=server.base_url,
            embedding_deadline_seconds=1,
        )
        assert run(knowledge, impatient).failures == {"timeout": 1}
        knowledge.make_due("acme")
        patient = Settings(
            cloak_key=CLOAK_KEY,
            embedding_base_url=server.base_url,
            embedding_deadline_seconds=60,
        )
        assert run(knowledge, patient).counts.embedded == 5


def test_a_request_holds_as_many_texts_as_the_setting_says_and_its_header_has_the_key(
    knowledge: Knowledge,
) -> None:
    sizes: list[int] = []

    def count(exchange: Exchange) -> None:
        assert exchange.handler.headers["api-key"] == KEY
        sizes.append(len(json.loads(exchange.body)["input"]))
        lexical(exchange)

    with FailingProvider(count) as server:
        settings = Settings(
            cloak_key=CLOAK_KEY,
            embedding_base_url=server.base_url,
            embedding_key_header="api-key",
            embedding_request_texts=2,
            embedding_deadline_seconds=60,
        )
        assert run(knowledge, settings).counts.embedded == 5
    assert sorted(sizes) == [1, 2, 2]


@pytest.mark.parametrize("seconds", [1, DEADLINE_SECONDS, 60, 180])
def test_late_answers_open_a_circuit_and_a_probe_outlasts_a_request_whatever_the_deadline(
    seconds: int,
) -> None:
    policy = policy_for(seconds)
    assert policy.probe_lease.total_seconds() > seconds + 1
    assert policy.window.total_seconds() > (policy.failure_threshold - 1) * seconds


def test_the_default_deadline_leaves_the_circuits_as_loopctl_has_them() -> None:
    assert policy_for(DEADLINE_SECONDS) == DEFAULT_POLICY
