"""Many requests embed at once while the provider hangs."""

import asyncio
from contextlib import closing

import pytest

from loopctl_pipelines.api import text_embeddings
from loopctl_pipelines.api.database_threads import DatabaseThreads
from loopctl_pipelines.api.text_embeddings import TextEmbeddings, build_text_embeddings
from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.knowledge.embedding.work.text_embedding import EmbeddedText
from loopctl_pipelines.llm.breaker import Breaker
from loopctl_pipelines.llm.circuit import DEFAULT_POLICY, Permit, Verdict
from loopctl_pipelines.llm.failures import FailureKind, ProviderFailure
from loopctl_pipelines.llm.fake.loopback import LoopbackServer
from loopctl_pipelines.llm.openai.exceptions import OPENAI
from loopctl_pipelines.settings import Settings
from loopctl_pipelines_tests.knowledge.embedding.knowledge import CLOAK_KEY, KEY, Knowledge
from loopctl_pipelines_tests.llm.failing_provider import FailingProvider, hang
from loopctl_pipelines_tests.usage import id_of

TIMEOUT = ProviderFailure(FailureKind.TIMEOUT)
REJECTED = ProviderFailure(FailureKind.CIRCUIT_OPEN)
NEVER_SECONDS = 300.0


async def embed_all(
    database: Database, base_url: str, slugs: list[str], *, then: list[str]
) -> list[list[EmbeddedText | ProviderFailure]]:
    """Embed a text for each of `slugs` at once, and after that for each of `then`."""
    settings = Settings(
        embedding_base_url=base_url, embedding_deadline_seconds=1, cloak_key=CLOAK_KEY
    )
    threads = DatabaseThreads(database, patience=NEVER_SECONDS, work_seconds=NEVER_SECONDS)
    with closing(threads), closing(build_text_embeddings(settings, database, threads)) as way:
        return [list(await asyncio.gather(*of(way, group))) for group in (slugs, then)]


def of(
    way: TextEmbeddings, slugs: list[str]
) -> list["asyncio.Task[EmbeddedText | ProviderFailure]"]:
    return [asyncio.create_task(way.embed(id_of(slug), "a text", "search")) for slug in slugs]


def test_64_requests_of_a_hanging_provider_end_and_open_the_circuit_of_their_tenant_alone(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # each request ends by the provider's deadline, and with its failure recorded
    monkeypatch.setattr(text_embeddings, "EMBEDDING_SECONDS", NEVER_SECONDS)
    with closing(Database(database_url, "loopctl_app", patience=NEVER_SECONDS)) as database:
        knowledge = Knowledge(database)
        for slug in ("acme", "other"):
            knowledge.tenant(slug)
        with FailingProvider(hang) as server:
            first, second = asyncio.run(
                embed_all(database, server.base_url, ["acme"] * 64, then=["acme", "acme", "other"])
            )
        # on a slow machine the circuit opens before the last one is admitted
        admitted = first.count(TIMEOUT)
        assert admitted >= DEFAULT_POLICY.failure_threshold
        assert admitted + first.count(REJECTED) == 64
        assert second == [REJECTED, REJECTED, TIMEOUT]
        # there, too, the deadline may pass before the request is sent
        assert server.requests <= admitted + 1


def test_an_open_circuit_and_a_missing_key_wait_for_no_thread_that_a_hanging_request_has(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    knowledge = Knowledge(database)
    for slug in ("acme", "other"):
        knowledge.tenant(slug)
    knowledge.tenant("keyless", key=None)
    breaker = Breaker(database, OPENAI.name)
    for _ in range(3):
        breaker.record(Permit(id_of("other")), Verdict.COUNTED)
    monkeypatch.setattr(text_embeddings, "_REQUESTS", 1)
    finished: list[str] = []

    async def run(base_url: str) -> None:
        settings = Settings(
            embedding_base_url=base_url, embedding_deadline_seconds=1, cloak_key=CLOAK_KEY
        )
        threads = DatabaseThreads(database, patience=NEVER_SECONDS, work_seconds=NEVER_SECONDS)
        with closing(threads), closing(build_text_embeddings(settings, database, threads)) as way:

            async def embed(slug: str) -> None:
                await way.embed(id_of(slug), "a text", "search")
                finished.append(slug)

            await asyncio.gather(*map(embed, ["acme", "other", "keyless"]))

    with FailingProvider(hang) as server:
        asyncio.run(run(server.base_url))
    assert finished[-1] == "acme"


def test_a_request_that_is_given_up_leaves_its_text_unsent(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    Knowledge(database).tenant("acme")
    monkeypatch.setattr(text_embeddings, "_REQUESTS", 1)
    monkeypatch.setattr(text_embeddings, "EMBEDDING_SECONDS", 0.5)
    with FailingProvider(hang) as server:
        first, _ = asyncio.run(embed_all(database, server.base_url, ["acme"] * 3, then=[]))
        assert first == [TIMEOUT] * 3
        assert server.requests <= 1


def test_a_provider_that_answers_gives_vectors(database: Database) -> None:
    Knowledge(database).tenant("acme")
    with LoopbackServer([KEY]) as server:
        first, _ = asyncio.run(embed_all(database, server.base_url, ["acme"] * 3, then=[]))
    assert all(isinstance(found, EmbeddedText) for found in first)
