"""One text at once: the vector, what is recorded, and what is sent to which server."""

import json
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.knowledge.embedding.texts.articles import VectorSpace
from loopctl_pipelines.knowledge.embedding.texts.text import DEFAULT_DIMENSION
from loopctl_pipelines.knowledge.embedding.work.guarded_provider import build_provider
from loopctl_pipelines.knowledge.embedding.work.text_embedding import EmbeddedText, TextEmbedder
from loopctl_pipelines.llm.failures import FailureKind, ProviderFailure
from loopctl_pipelines.llm.fake.lexical import lexical_vector
from loopctl_pipelines.settings import Settings
from loopctl_pipelines_tests.knowledge.embedding.knowledge import CLOAK_KEY, KEY, Knowledge
from loopctl_pipelines_tests.knowledge.embedding.scripted_provider import lexical, scripted
from loopctl_pipelines_tests.llm.failing_provider import (
    Exchange,
    FailingProvider,
    Fault,
    embeddings,
    refusal,
    truncated_json,
)
from loopctl_pipelines_tests.usage import id_of

ACME = id_of("acme")
USAGE = "SELECT operation, model, input_tokens, output_tokens, source_type FROM llm_usage_events"
AUDIT = "SELECT action, new_state::text FROM audit_log"


@pytest.fixture
def knowledge(database: Database) -> Knowledge:
    knowledge = Knowledge(database)
    knowledge.tenant("acme")
    return knowledge


@contextmanager
def embedder(
    database: Database, fault: Fault, cloak_key: bytes = CLOAK_KEY
) -> Iterator[tuple[TextEmbedder, FailingProvider]]:
    with FailingProvider(fault) as server:
        settings = Settings(embedding_base_url=server.base_url)
        provider = build_provider(settings, database, requests=2, outage_seconds=0)
        text_embedder = TextEmbedder(database, provider, cloak_key)
        yield text_embedder, server
        text_embedder.close()


def embed(text_embedder: TextEmbedder, text: str = "lost update") -> EmbeddedText | ProviderFailure:
    access = text_embedder.access(ACME)
    if isinstance(access, ProviderFailure):
        return access
    return text_embedder.embed(access, text, "search")


def test_a_text_gets_the_vector_of_an_article_s_and_the_ledger_says_what_it_cost(
    knowledge: Knowledge,
) -> None:
    with embedder(knowledge.database, lexical) as (text_embedder, server):
        found = embed(text_embedder)
    assert isinstance(found, EmbeddedText)
    assert (found.vector == lexical_vector("lost update", DEFAULT_DIMENSION)).all()
    assert (found.space, found.tokens, server.requests) == (VectorSpace(), 7, 1)
    assert knowledge.rows("acme", USAGE) == [
        ("embedding", "text-embedding-3-small", 7, 0, "search")
    ]


def test_a_smaller_vector_is_padded_and_its_space_says_its_size(knowledge: Knowledge) -> None:
    knowledge.set_key("acme", KEY, "small-model")
    with embedder(knowledge.database, embeddings()) as (text_embedder, _):
        found = embed(text_embedder)
    assert isinstance(found, EmbeddedText)
    assert found.space == VectorSpace("small-model", 8)
    assert len(found.vector) == DEFAULT_DIMENSION
    assert not found.vector[8:].any()


@pytest.mark.parametrize("key", [None, " "])
def test_a_missing_key_sends_nothing_and_is_audited_once(
    knowledge: Knowledge, key: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    knowledge.set_key("acme", key)
    with embedder(knowledge.database, lexical) as (text_embedder, server):
        found = {embed(text_embedder) for _ in range(3)}
        with embedder(knowledge.database, lexical) as (of_another_process, _):
            found.add(embed(of_another_process))
    assert found == {ProviderFailure(FailureKind.NO_API_KEY)}
    assert server.requests == 0
    assert knowledge.rows("acme", AUDIT) == [
        ("llm.blocked_no_api_key", '{"operation": "embedding"}')
    ]
    assert str(ACME) in caplog.text


def test_a_key_that_cannot_be_decrypted_sends_nothing(knowledge: Knowledge) -> None:
    with embedder(knowledge.database, lexical, bytes(32)) as (text_embedder, server):
        assert embed(text_embedder) == ProviderFailure(FailureKind.UNUSABLE_KEY)
    assert server.requests == 0


def test_a_revoked_key_is_the_provider_s_refusal_and_costs_nothing(knowledge: Knowledge) -> None:
    with embedder(knowledge.database, refusal(401)) as (text_embedder, _):
        assert embed(text_embedder) == ProviderFailure(FailureKind.API_ERROR, 401)
    assert knowledge.rows("acme", USAGE) == []


def test_the_third_failure_opens_the_circuit_and_nothing_more_is_sent(knowledge: Knowledge) -> None:
    with embedder(knowledge.database, refusal(503)) as (text_embedder, server):
        found = [embed(text_embedder) for _ in range(5)]
    assert found[:3] == [ProviderFailure(FailureKind.API_ERROR, 503)] * 3
    assert found[3:] == [ProviderFailure(FailureKind.CIRCUIT_OPEN)] * 2
    assert server.requests == 3


def test_an_answer_that_was_paid_for_and_cannot_be_read_is_in_the_ledger(
    knowledge: Knowledge,
) -> None:
    with embedder(knowledge.database, truncated_json) as (text_embedder, _):
        assert embed(text_embedder) == ProviderFailure(FailureKind.MALFORMED)
    assert [row[2:] for row in knowledge.rows("acme", USAGE)] == [(0, 0, "search")]


def test_a_server_without_base64_is_asked_with_floats_and_the_next_text_at_once(
    knowledge: Knowledge,
) -> None:
    encodings: list[object] = []

    def without_base64(exchange: Exchange) -> Fault | None:
        encodings.append(json.loads(exchange.body)["encoding_format"])
        return refusal(400) if encodings[-1] == "base64" else None

    with scripted(without_base64) as server:
        settings = Settings(embedding_base_url=server.base_url)
        provider = build_provider(settings, knowledge.database, requests=2)
        text_embedder = TextEmbedder(knowledge.database, provider, CLOAK_KEY)
        assert all(isinstance(embed(text_embedder), EmbeddedText) for _ in range(2))
        text_embedder.close()
    assert encodings == ["base64", "float", "float"]
