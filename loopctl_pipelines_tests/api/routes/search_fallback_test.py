"""A search whose text cannot be embedded: the answer has what the words find, and says why."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from datetime import UTC, datetime, timedelta

import pytest

from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.llm.breaker import Breaker
from loopctl_pipelines.llm.circuit import Permit, Verdict
from loopctl_pipelines.llm.openai.exceptions import OPENAI
from loopctl_pipelines.settings import Settings
from loopctl_pipelines_tests.api.routes.searched_articles import Articles, found, meta, search
from loopctl_pipelines_tests.api.rows import add_key, add_tenants
from loopctl_pipelines_tests.api.serving import Api, serving
from loopctl_pipelines_tests.knowledge.embedding.knowledge import CLOAK_KEY
from loopctl_pipelines_tests.llm.failing_provider import (
    FailingProvider,
    Fault,
    hang,
    refusal,
    reset_at_once,
    truncated_json,
)
from loopctl_pipelines_tests.usage import id_of

HOUR = timedelta(hours=1)
MODES = ("semantic", "combined")


@pytest.fixture(scope="module")
def shared(new_database: Callable[[], AbstractContextManager[str]]) -> Iterator[Database]:
    with new_database() as url, closing(Database(url, "loopctl_app")) as database:
        add_tenants(database, "acme", "open", "keyless", "unreadable", "hanging")
        articles = Articles(database)
        for slug in ("acme", "open", "keyless", "unreadable", "hanging"):
            articles.add(slug, "Retry a job", "Wait longer.")
            articles.add(slug, "Nothing alike", "About other things.")
            articles.set_key(slug, None if slug == "keyless" else "sk-of-the-tests")
        with database.tenant_transaction(id_of("unreadable")) as connection:
            connection.execute("UPDATE tenant_llm_settings SET embedding_api_key = 'x'")
        breaker = Breaker(database, OPENAI.name)
        for _ in range(3):
            # open for as long as the module's tests take
            breaker.record(Permit(id_of("open")), Verdict.COUNTED, now=datetime.now(UTC) + HOUR)
        yield database


@contextmanager
def provider(database: Database, fault: Fault) -> Iterator[tuple[Api, FailingProvider]]:
    with FailingProvider(fault) as server:
        settings = Settings(
            embedding_base_url=server.base_url, embedding_deadline_seconds=1, cloak_key=CLOAK_KEY
        )
        with serving(database, settings) as api:
            yield api, server


def falls_back(api: Api, slug: str, mode: str, reason: str) -> None:
    response = search(api, add_key(api.database, slug), "retry", mode=mode)
    assert found(response) == ["Retry a job"]
    assert meta(response) == {
        "total_count": 1,
        "limit": 10,
        "offset": 0,
        "total_count_scope": "keyword_matches",
        "search_mode": "keyword_only",
        "pool_capped": False,
        "keyword_query": "all_words",
        "fallback": True,
        "fallback_reason": reason,
    }


@pytest.mark.parametrize(
    ("slug", "reason"),
    [("keyless", "no_api_key"), ("unreadable", "unusable_key"), ("open", "circuit_open")],
)
def test_nothing_is_sent_without_a_usable_key_and_through_an_open_circuit(
    shared: Database, slug: str, reason: str
) -> None:
    with provider(shared, refusal(500)) as (api, server):
        for mode in MODES:
            falls_back(api, slug, mode, reason)
        assert server.requests == 0


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (refusal(401), "key_rejected"),
        (refusal(429), "rate_limited"),
        (refusal(404), "provider_error"),
        (truncated_json, "provider_error"),
    ],
)
def test_a_provider_that_refuses_or_answers_nonsense_is_a_reason(
    shared: Database, fault: Fault, reason: str
) -> None:
    with provider(shared, fault) as (api, server):
        for mode in MODES:
            falls_back(api, "acme", mode, reason)
        assert server.requests >= len(MODES)


def test_a_provider_that_hangs_is_waited_for_three_times_and_then_no_more(
    shared: Database,
) -> None:
    with provider(shared, hang) as (api, server):
        for mode in ("semantic", "combined", "combined"):
            falls_back(api, "hanging", mode, "timeout")
        falls_back(api, "hanging", "combined", "circuit_open")
        assert server.requests <= 3


def test_a_keyword_search_asks_no_provider(shared: Database) -> None:
    with provider(shared, reset_at_once) as (api, server):
        response = search(api, add_key(shared, "acme"), "retry", mode="keyword")
        assert found(response) == ["Retry a job"]
        assert "fallback" not in meta(response)
        assert server.requests == 0
