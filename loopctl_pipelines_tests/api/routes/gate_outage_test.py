"""Proposals while the provider fails: the gate falls open, says so, and does not wait for long."""

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import pytest

from loopctl_pipelines.api import app, text_embeddings
from loopctl_pipelines.database.connection import Database
from loopctl_pipelines_tests.api.angles import angle_provider
from loopctl_pipelines_tests.api.proposing import ARTICLES, gated, proposal
from loopctl_pipelines_tests.api.rows import add_key, rows_of
from loopctl_pipelines_tests.api.serving import Api
from loopctl_pipelines_tests.knowledge.embedding.knowledge import Knowledge
from loopctl_pipelines_tests.llm.failing_provider import Exchange, FailingProvider, hang

NEVER_SECONDS = 300.0


@pytest.fixture
def api(database: Database) -> Iterator[Api]:
    with angle_provider() as provider, gated(database, provider) as api:
        yield api


@pytest.fixture
def key(api: Api) -> str:
    return add_key(api.database, "acme", "agent")


def _revoked(exchange: Exchange) -> None:
    exchange.answer(401, b'{"error": {"message": "sk-of-the-tests is revoked"}}')


@pytest.mark.parametrize(
    ("respond", "reason"), [(_revoked, "api_error"), (hang, "timeout")], ids=["revoked", "hanging"]
)
def test_the_gate_falls_open_while_the_provider_fails_and_says_so(
    database: Database, respond: Callable[[Exchange], None], reason: str
) -> None:
    with FailingProvider(respond) as provider, gated(database, provider, 1) as api:
        key = add_key(database, "acme", "agent")
        response = api.post(ARTICLES, key, proposal())
        assert response.status_code == 201
        assert response.json()["data"]["status"] == "published"
        gate = response.json()["gate"]
        assert (gate["verdict"], gate["reason"]) == ("unknown", reason)
        assert "sk-of" not in response.text
        assert _unchecked(database) == [UUID(response.json()["data"]["id"])]


def test_the_gate_falls_open_without_a_key_with_one_audit_row(api: Api, key: str) -> None:
    Knowledge(api.database).set_key("acme", None)
    for title in "AB":
        gate = api.post(ARTICLES, key, proposal(title=title)).json()["gate"]
        assert (gate["verdict"], gate["reason"]) == ("unknown", "no_api_key")
    actions = [audit["action"] for audit in rows_of(api.database, "audit_log")]
    assert actions.count("llm.blocked_no_api_key") == 1


def test_after_three_failures_no_proposal_waits_for_the_provider(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def note_and_hang(exchange: Exchange) -> None:
        asked.extend(exchange.texts)
        hang(exchange)

    # however slow the machine is, a failure is recorded before its request is answered
    monkeypatch.setattr(app, "PATIENCE", NEVER_SECONDS)
    monkeypatch.setattr(text_embeddings, "EMBEDDING_SECONDS", NEVER_SECONDS)
    with FailingProvider(note_and_hang) as hanging, gated(database, hanging, 1) as api:
        key = add_key(database, "acme", "agent")
        with ThreadPoolExecutor(16) as pool:
            first = list(
                pool.map(lambda n: api.post(ARTICLES, key, proposal(title=f"T{n}")), range(16))
            )
        reasons = Counter(answer.json()["gate"]["reason"] for answer in first)
        # those that came before the third failure was recorded
        admitted = reasons.pop("timeout")
        assert admitted >= 3
        assert reasons.keys() <= {"circuit_open"}
        later = api.post(ARTICLES, key, proposal(title="Later"))
        assert later.json()["gate"]["reason"] == "circuit_open"
    # an admitted request may reach the provider late, or be given up before that
    assert len(asked) <= admitted
    assert not [text for text in asked if "Later" in text]


def test_an_article_that_passed_while_others_had_no_vector_is_checked_again(
    api: Api, key: str
) -> None:
    Knowledge(api.database).article("acme", "Old", "no vector yet")
    created = api.post(ARTICLES, key, proposal()).json()["data"]["id"]
    assert _unchecked(api.database) == [UUID(created)]


def _unchecked(database: Database) -> list[UUID]:
    query = "SELECT article_id FROM loopctl_pipelines.unchecked_proposals"
    with database.operator_transaction() as connection:
        return [article_id for (article_id,) in connection.execute(query)]
