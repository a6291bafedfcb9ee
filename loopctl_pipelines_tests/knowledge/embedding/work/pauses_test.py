"""The provider limits a tenant (429, Retry-After): it is paused, longer each time in a row."""

import threading
import time
from collections.abc import Callable
from datetime import timedelta

import pytest

from loopctl_pipelines.database.connection import Database
from loopctl_pipelines_tests.knowledge.embedding.knowledge import KEY, Knowledge, embedder
from loopctl_pipelines_tests.knowledge.embedding.scripted_provider import lexical, scripted
from loopctl_pipelines_tests.llm import failing_provider as faults
from loopctl_pipelines_tests.llm.failing_provider import Exchange, FailingProvider, Fault

TOO_MANY = faults.refusal(429)


@pytest.fixture
def knowledge(database: Database) -> Knowledge:
    knowledge = Knowledge(database)
    knowledge.tenant("acme")
    knowledge.articles("acme", 3)
    return knowledge


def run(knowledge: Knowledge, fault: Fault) -> int:
    """Run once against a provider that answers every request like this; return their number."""
    with (
        FailingProvider(fault) as provider,
        embedder(knowledge.database, provider.base_url) as embed,
    ):
        knowledge.run(embed, "acme")
        return provider.requests


def run_when_due(knowledge: Knowledge, fault: Fault, times: int = 1) -> None:
    """Run again as soon as the pause is over, each time with one more article."""
    for _ in range(times):
        knowledge.make_due("acme")
        articles = len(knowledge.vectors("acme"))
        knowledge.article("acme", f"Article {articles}")
        assert run(knowledge, fault) == 1


def long_articles(knowledge: Knowledge) -> None:
    """Add four articles of so many bytes that a request holds two of them."""
    for n in range(4):
        knowledge.article("acme", f"Long {n}", "\N{GRINNING FACE}" * 32_000)


def minutes_left(knowledge: Knowledge) -> float:
    """Return how many minutes of the tenant's pause are left."""
    [(left,)] = knowledge.rows(
        "acme", "SELECT paused_until - now() FROM loopctl_pipelines.tenant_operations"
    )
    return float(left / timedelta(minutes=1))


def pauses_in_a_row(knowledge: Knowledge) -> int:
    [(pauses,)] = knowledge.rows(
        "acme", "SELECT consecutive_pauses FROM loopctl_pipelines.tenant_operations"
    )
    return int(pauses)


def reject_long_articles(knowledge: Knowledge, reject: Callable[[], Fault]) -> None:
    """Run with additional long articles; only their two requests are rejected, like this."""

    def script(exchange: Exchange) -> Fault | None:
        if all(text.startswith("Article") for text in exchange.texts):
            return None
        return reject()

    long_articles(knowledge)
    with (
        scripted(script) as provider,
        embedder(knowledge.database, provider.base_url, deadline_seconds=60) as embed,
    ):
        knowledge.run(embed, "acme")
        assert provider.requests == 3


@pytest.mark.parametrize(
    "fault",
    [
        faults.refusal(429, Retry_After="20"),
        faults.refusal(429),
        faults.refusal(503, Retry_After="20"),
    ],
)
def test_a_tenant_that_is_asked_to_wait_is_paused_without_using_an_attempt(
    knowledge: Knowledge, fault: Fault
) -> None:
    assert run(knowledge, fault) == 1
    assert {state[1] for state in knowledge.states("acme").values()} == {0}
    assert minutes_left(knowledge) > 0


def test_of_requests_rejected_at_once_the_longest_requested_wait_counts(
    knowledge: Knowledge,
) -> None:
    together = threading.Barrier(2)
    paused = "SELECT FROM loopctl_pipelines.tenant_operations WHERE pause IS NOT NULL"

    def ask_to_wait() -> Fault:
        if together.wait(60) == 0:
            return faults.refusal(429, Retry_After="300")
        while not knowledge.rows("acme", paused):
            time.sleep(0.01)
        return faults.refusal(429, Retry_After="1")

    reject_long_articles(knowledge, ask_to_wait)
    assert minutes_left(knowledge) > 2


def test_requests_rejected_at_once_are_one_pause(knowledge: Knowledge) -> None:
    together = threading.Barrier(2)

    def too_many() -> Fault:
        together.wait(60)
        return TOO_MANY

    reject_long_articles(knowledge, too_many)
    assert pauses_in_a_row(knowledge) == 1


def test_each_pause_in_a_row_is_twice_as_long_whichever_articles_are_sent(
    knowledge: Knowledge,
) -> None:
    run_when_due(knowledge, TOO_MANY)
    assert minutes_left(knowledge) < 1
    run_when_due(knowledge, TOO_MANY, times=4)
    assert pauses_in_a_row(knowledge) == 5
    assert minutes_left(knowledge) > 5
    states = knowledge.states("acme")
    assert states == dict.fromkeys(
        (f"Article {n}" for n in range(8)), ("api_error status=429", 0, True)
    )
    [(soonest,)] = knowledge.rows(
        "acme", "SELECT min(next_attempt_at) - now() FROM loopctl_pipelines.embedding_states"
    )
    assert soonest > timedelta(minutes=5)


def test_a_pause_lasts_as_long_as_requested_however_many_there_were_before(
    knowledge: Knowledge,
) -> None:
    run_when_due(knowledge, TOO_MANY, times=4)
    run_when_due(knowledge, faults.refusal(429, Retry_After="20"))
    assert minutes_left(knowledge) < 1
    run_when_due(knowledge, TOO_MANY)
    assert pauses_in_a_row(knowledge) == 6
    assert minutes_left(knowledge) > 15


def test_an_accepted_request_ends_the_series(knowledge: Knowledge) -> None:
    run_when_due(knowledge, TOO_MANY, times=4)
    run_when_due(knowledge, lexical)
    assert pauses_in_a_row(knowledge) == 0
    assert len(knowledge.embedded("acme")) == 8
    run_when_due(knowledge, TOO_MANY)
    assert pauses_in_a_row(knowledge) == 1
    assert minutes_left(knowledge) < 1


def test_a_request_accepted_before_the_pause_is_over_ends_it(knowledge: Knowledge) -> None:
    run_when_due(knowledge, TOO_MANY, times=5)
    assert minutes_left(knowledge) > 5
    knowledge.article("acme", "New")
    assert run(knowledge, lexical) == 1
    assert minutes_left(knowledge) <= 0


def test_a_request_accepted_in_the_same_run_ends_the_series_too(knowledge: Knowledge) -> None:
    run_when_due(knowledge, TOO_MANY, times=4)
    knowledge.make_due("acme")
    long_articles(knowledge)

    def too_many_of_long_ones(exchange: Exchange) -> Fault | None:
        return TOO_MANY if any(text.startswith("Long") for text in exchange.texts) else None

    with (
        scripted(too_many_of_long_ones) as provider,
        embedder(knowledge.database, provider.base_url) as embed,
    ):
        knowledge.run(embed, "acme")
    assert len(knowledge.embedded("acme")) == 7
    assert pauses_in_a_row(knowledge) == 1


def test_another_key_begins_a_new_series(knowledge: Knowledge) -> None:
    run_when_due(knowledge, TOO_MANY, times=4)
    knowledge.set_key("acme", KEY)
    run_when_due(knowledge, TOO_MANY)
    assert pauses_in_a_row(knowledge) == 1


def test_another_key_ends_the_wait_of_the_articles_as_well(knowledge: Knowledge) -> None:
    run_when_due(knowledge, TOO_MANY, times=4)
    assert knowledge.pending("acme") == set()
    knowledge.set_key("acme", KEY)
    assert len(knowledge.pending("acme")) == 7
    assert run(knowledge, lexical) == 1
    assert len(knowledge.embedded("acme")) == 7


def test_another_key_ends_no_wait_for_another_reason_than_a_limit(knowledge: Knowledge) -> None:
    assert run(knowledge, faults.refusal(503)) == 1
    knowledge.set_key("acme", KEY)
    assert knowledge.pending("acme") == set()


def test_a_pause_for_another_reason_neither_counts_nor_ends_the_series(
    knowledge: Knowledge,
) -> None:
    run_when_due(knowledge, TOO_MANY, times=2)
    view = "loopctl_pipelines.pending_articles"
    with knowledge.database.operator_transaction() as connection:
        connection.execute(f"ALTER VIEW {view} RENAME TO away".encode())
    assert run(knowledge, TOO_MANY) == 0
    with knowledge.database.operator_transaction() as connection:
        connection.execute(b"ALTER VIEW loopctl_pipelines.away RENAME TO pending_articles")
    assert minutes_left(knowledge) > 5
    assert pauses_in_a_row(knowledge) == 2
