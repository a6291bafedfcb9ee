"""The state that each kind of failure leaves, and what the next run does with it."""

import pytest

from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.knowledge.embedding.errors import (
    KeyOrModelRejectedError,
    SecretUnreadableError,
)
from loopctl_pipelines.knowledge.embedding.work.tenant_outcome import Counts
from loopctl_pipelines.llm.circuit import CircuitState
from loopctl_pipelines.llm.failures import FailureKind, ProviderFailure
from loopctl_pipelines.llm.fake.loopback import LoopbackServer
from loopctl_pipelines_tests.knowledge.embedding.knowledge import KEY, Knowledge, embedder
from loopctl_pipelines_tests.knowledge.embedding.scripted_provider import lexical, scripted, where
from loopctl_pipelines_tests.llm import failing_provider as faults
from loopctl_pipelines_tests.llm.failing_provider import Exchange, FailingProvider, Fault
from loopctl_pipelines_tests.usage import id_of

TITLES = {"Article 0", "Article 1", "Article 2"}


@pytest.fixture
def knowledge(database: Database) -> Knowledge:
    knowledge = Knowledge(database)
    knowledge.tenant("acme")
    knowledge.articles("acme", 3)
    return knowledge


def failing(knowledge: Knowledge, fault: Fault) -> tuple[Counts, int]:
    """Run once against a provider with this fault only; return counts and requests."""
    with (
        FailingProvider(fault) as provider,
        embedder(knowledge.database, provider.base_url, deadline_seconds=0.5) as embed,
    ):
        return knowledge.run(embed, "acme").counts, provider.requests


def embed_well(knowledge: Knowledge, slug: str = "acme") -> tuple[Counts, int]:
    """Run once against a provider that embeds; return counts and requests."""
    with (
        FailingProvider(lexical) as provider,
        embedder(knowledge.database, provider.base_url) as embed,
    ):
        return knowledge.run(embed, slug).counts, provider.requests


@pytest.mark.parametrize("status", [401, 403, 404, 409])
def test_a_rejected_key_or_model_sets_everything_aside_after_one_request(
    knowledge: Knowledge, status: int
) -> None:
    with (
        FailingProvider(faults.refusal(status, code="model_not_found")) as provider,
        embedder(knowledge.database, provider.base_url) as embed,
    ):
        outcome = knowledge.run(embed, "acme")
    assert (outcome.counts, provider.requests) == (Counts(set_aside=3), 1)
    assert isinstance(outcome.error, KeyOrModelRejectedError)
    assert knowledge.states("acme") == dict.fromkeys(
        TITLES, (f"api_error status={status}", 0, False)
    )
    assert knowledge.pending("acme") == set()
    assert outcome.breaker is CircuitState.CLOSED


def test_a_rejected_key_costs_one_request_however_many_would_be_needed(
    knowledge: Knowledge,
) -> None:
    # so many bytes that a request holds two of them
    for n in range(8):
        knowledge.article("acme", f"Long {n}", "\N{GRINNING FACE}" * 32_000)
    assert failing(knowledge, faults.refusal(401)) == (Counts(set_aside=11), 1)


def test_a_tenant_whose_key_was_rejected_stays_red_and_sends_nothing_more(
    knowledge: Knowledge,
) -> None:
    failing(knowledge, faults.refusal(401))
    with (
        FailingProvider(lexical) as provider,
        embedder(knowledge.database, provider.base_url) as embed,
    ):
        outcome = knowledge.run(embed, "acme")
    assert isinstance(outcome.error, KeyOrModelRejectedError)
    assert "api_error status=401" in str(outcome.error)
    assert provider.requests == 0


def test_articles_set_aside_are_retried_with_a_new_key(knowledge: Knowledge) -> None:
    failing(knowledge, faults.refusal(401))
    knowledge.set_key("acme", KEY)
    assert embed_well(knowledge)[0].embedded == 3


def test_articles_set_aside_are_retried_with_a_new_model(knowledge: Knowledge) -> None:
    failing(knowledge, faults.refusal(404, code="model_not_found"))
    with knowledge.database.operator_transaction() as connection:
        connection.execute("UPDATE tenant_llm_settings SET embedding_model = 'other'")
    assert embed_well(knowledge)[0].embedded == 3


@pytest.mark.parametrize("model", ["", " ", "mod\N{LATIN SMALL LETTER E WITH GRAVE}le", "x" * 255])
def test_a_model_of_any_name_is_sent_as_it_is_and_only_once(
    knowledge: Knowledge, model: str
) -> None:
    knowledge.set_key("acme", KEY, model)
    with (
        LoopbackServer([KEY]) as provider,
        embedder(knowledge.database, provider.base_url) as embed,
    ):
        outcome = knowledge.run(embed, "acme")
        assert isinstance(outcome.error, KeyOrModelRejectedError)
        assert knowledge.pending("acme") == set()
        assert provider.requests == 1


@pytest.mark.parametrize("status", [400, 413, 422])
def test_the_article_at_fault_is_set_aside_and_the_others_are_embedded(
    knowledge: Knowledge, status: int
) -> None:
    bad = knowledge.article("acme", "Bad", "UNSPEAKABLE")
    with (
        scripted(where("UNSPEAKABLE", faults.refusal(status))) as provider,
        embedder(knowledge.database, provider.base_url) as embed,
    ):
        outcome = knowledge.run(embed, "acme")
        assert (outcome.error, outcome.counts.embedded, outcome.counts.set_aside) == (None, 3, 1)
        assert knowledge.embedded("acme") == TITLES
        assert knowledge.states("acme")["Bad"] == (f"api_error status={status}", 1, False)

        before = provider.requests
        knowledge.edit("acme", bad, category="other")
        assert knowledge.run(embed, "acme").counts == Counts()
        assert provider.requests == before
        assert knowledge.pending("acme") == set()

    knowledge.edit("acme", bad, body="Better.")
    assert embed_well(knowledge)[0].embedded == 1


@pytest.mark.parametrize("body", ["A body.", "\N{GRINNING FACE}" * 32_000], ids=["short", "long"])
def test_if_every_request_is_rejected_the_tenant_is_set_aside_as_with_a_rejected_key(
    knowledge: Knowledge, body: str
) -> None:
    # of the long ones, a request holds two
    for n in range(30):
        knowledge.article("acme", f"Rejected {n}", body)
    with (
        FailingProvider(faults.refusal(400)) as provider,
        embedder(knowledge.database, provider.base_url) as embed,
    ):
        outcome = knowledge.run(embed, "acme")
        assert isinstance(outcome.error, KeyOrModelRejectedError)
        assert knowledge.pending("acme") == set()
        assert outcome.counts.set_aside == 33
        # of each long one 128, 64, 32, 16 and 8 kB, and each pair once; four batches are in flight
        assert provider.requests <= 5 * 24 + 12


def test_once_a_text_is_accepted_any_number_of_rejections_is_about_the_texts(
    knowledge: Knowledge,
) -> None:
    # as many as a request holds: if nothing else was accepted, the key would be at fault
    for n in range(18):
        knowledge.article("acme", f"Bad {n}", "UNSPEAKABLE".ljust(30_000, "x"))
    with (
        scripted(where("UNSPEAKABLE", faults.refusal(400))) as provider,
        embedder(knowledge.database, provider.base_url) as embed,
    ):
        outcome = knowledge.run(embed, "acme")
    assert (outcome.error, outcome.counts.embedded, outcome.counts.set_aside) == (None, 3, 18)
    assert knowledge.embedded("acme") == TITLES


@pytest.mark.parametrize(
    ("fault", "tag"),
    [
        (faults.refusal(500), "api_error status=500"),
        (faults.html(502), "api_error status=502"),
        (faults.refusal(503), "api_error status=503"),
        (faults.reset_in_the_body, "request_failed"),
        (faults.hang, "timeout"),
        (faults.drip(200), "timeout"),
        (faults.html(200), "malformed"),
        (faults.error_object, "malformed"),
        (faults.truncated_json, "malformed"),
        (faults.vector(lambda _: [float("nan")] * 1536), "malformed"),
        (faults.embeddings(lambda items: items.pop()), "malformed"),
        (faults.embeddings(lambda items: items[0].update(index=1)), "malformed"),
    ],
)
def test_a_transient_failure_makes_articles_wait_and_writes_no_vector(
    knowledge: Knowledge, fault: Fault, tag: str
) -> None:
    counts, requests = failing(knowledge, fault)
    assert (counts, requests) == (Counts(waiting=3), 1)
    assert knowledge.embedded("acme") == set()
    assert knowledge.states("acme") == dict.fromkeys(TITLES, (tag, 1, True))
    assert knowledge.pending("acme") == set()
    knowledge.make_due("acme")
    assert embed_well(knowledge)[0].embedded == 3
    assert knowledge.states("acme") == dict.fromkeys(TITLES, (None, 0, False))


def test_a_refused_connection_makes_articles_wait(knowledge: Knowledge) -> None:
    with FailingProvider(lexical) as gone:
        url = gone.base_url
    with embedder(knowledge.database, url) as embed:
        assert knowledge.run(embed, "acme").counts == Counts(waiting=3)
    assert knowledge.states("acme") == dict.fromkeys(TITLES, ("request_failed", 1, True))


def test_three_failures_open_the_circuit_and_the_other_articles_use_no_attempt(
    knowledge: Knowledge,
) -> None:
    # so many bytes that a request holds two of them
    for n in range(6):
        knowledge.article("acme", f"Long {n}", "\N{GRINNING FACE}" * 32_000)
    with (
        FailingProvider(faults.refusal(500)) as provider,
        embedder(knowledge.database, provider.base_url, requests_per_tenant=1) as embed,
    ):
        outcome = knowledge.run(embed, "acme")
        assert outcome.stopped == ProviderFailure(FailureKind.CIRCUIT_OPEN)
        assert provider.requests == 3
        assert outcome.breaker is CircuitState.OPEN
        tried = len(knowledge.states("acme"))
        assert tried < 9
        assert knowledge.run(embed, "acme").counts == Counts()
        assert provider.requests == 3
    assert len(knowledge.states("acme")) == tried
    assert len(knowledge.pending("acme")) == 9 - tried


def test_after_a_malformed_answer_texts_are_sent_in_smaller_batches(knowledge: Knowledge) -> None:
    sizes: list[int] = []

    def malformed_together(exchange: Exchange) -> Fault | None:
        sizes.append(len(exchange.texts))
        return faults.truncated_json if len(exchange.texts) > 1 else None

    for n in range(3, 300):
        knowledge.article("acme", f"Article {n}")
    with (
        scripted(malformed_together) as provider,
        embedder(knowledge.database, provider.base_url, requests_per_tenant=1) as embed,
    ):
        for _ in range(2):
            knowledge.run(embed, "acme")
            knowledge.make_due("acme")
    assert sizes[0] == 300
    assert max(sizes[1:]) < 300


def test_after_a_late_answer_the_rest_of_the_run_is_sent_in_smaller_batches(
    knowledge: Knowledge,
) -> None:
    def late_together(exchange: Exchange) -> Fault | None:
        return faults.hang if len(exchange.texts) > 1 else None

    # so many bytes that a request holds two of them
    for n in range(6):
        knowledge.article("acme", f"Long {n}", "\N{GRINNING FACE}" * 32_000)
    with (
        scripted(late_together) as provider,
        embedder(knowledge.database, provider.base_url, deadline_seconds=3) as embed,
    ):
        outcome = knowledge.run(embed, "acme")
        assert provider.requests == 7
    assert outcome.failures == {"timeout": 1}
    assert (outcome.counts.waiting, outcome.counts.embedded) == (3, 6)


def test_a_malformed_answer_was_billed_and_is_in_the_ledger(knowledge: Knowledge) -> None:
    failing(knowledge, faults.truncated_json)
    failing(knowledge, faults.refusal(500))
    assert knowledge.rows("acme", "SELECT operation, input_tokens FROM llm_usage_events") == [
        ("embedding", 0)
    ]


def test_a_text_whose_answer_is_malformed_ten_times_is_set_aside(knowledge: Knowledge) -> None:
    with knowledge.database.tenant_transaction(id_of("acme")) as connection:
        connection.execute("DELETE FROM articles WHERE title <> 'Article 0'")
    for _ in range(9):
        failing(knowledge, faults.truncated_json)
        knowledge.make_due("acme")
        with knowledge.database.operator_transaction() as connection:
            connection.execute("DELETE FROM loopctl_pipelines.circuit_breakers")
    assert failing(knowledge, faults.truncated_json) == (Counts(set_aside=1), 1)
    assert knowledge.states("acme") == {"Article 0": ("malformed", 10, False)}
    assert knowledge.pending("acme") == set()


def test_a_tenant_without_a_key_is_skipped_warned_of_and_audited_once_a_day(
    knowledge: Knowledge, caplog: pytest.LogCaptureFixture
) -> None:
    knowledge.tenant("blue", key=None)
    knowledge.articles("blue", 2)
    for _ in range(3):
        assert embed_well(knowledge, "blue") == (Counts(blocked=2), 0)
    assert knowledge.rows(
        "blue", "SELECT entity_type, action, actor_type, actor_label, new_state FROM audit_log"
    ) == [
        ("llm_config", "llm.blocked_no_api_key", "system", "llm", {"operation": "embedding"}),
    ]
    assert caplog.messages == 3 * [
        "Tenant 'blue': no embedding API key configured; embedding is skipped."
    ]


@pytest.mark.parametrize("key", ["", "   "])
def test_a_blank_key_is_no_key(knowledge: Knowledge, key: str) -> None:
    knowledge.set_key("acme", key)
    assert embed_well(knowledge) == (Counts(blocked=3), 0)


def test_a_key_that_cannot_be_decrypted_fails_its_tenant_and_sends_nothing(
    knowledge: Knowledge,
) -> None:
    with knowledge.database.operator_transaction() as connection:
        connection.execute("UPDATE tenant_llm_settings SET embedding_api_key = 'garbage'")
    with (
        FailingProvider(lexical) as provider,
        embedder(knowledge.database, provider.base_url) as embed,
    ):
        outcome = knowledge.run(embed, "acme")
    assert isinstance(outcome.error, SecretUnreadableError)
    assert "'acme'" in str(outcome.error)
    assert provider.requests == 0
