"""Embedding servers that differ from OpenAI's: what a run does, and what the next one remembers."""

import json
from dataclasses import dataclass, field

import pytest

from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.knowledge.embedding.errors import WrongSizeError, WrongUrlError
from loopctl_pipelines.knowledge.embedding.operator_queries import (
    forget_other_endpoints,
    pending_embeddings,
)
from loopctl_pipelines.knowledge.embedding.work.tenant_outcome import TenantOutcome
from loopctl_pipelines.llm.circuit import CircuitState
from loopctl_pipelines.llm.fake.lexical import lexical_vector
from loopctl_pipelines.llm.openai.embedding_provider import EmbeddingProvider
from loopctl_pipelines_tests.knowledge.embedding.knowledge import Knowledge, embedder
from loopctl_pipelines_tests.knowledge.embedding.scripted_provider import lexical
from loopctl_pipelines_tests.llm import failing_provider as faults
from loopctl_pipelines_tests.llm.failing_provider import Exchange, FailingProvider, Fault

TITLES = {"Article 0", "Article 1", "Article 2"}
MODEL = "a-local-model"


@dataclass
class Server:
    """A server whose vectors have `size` numbers, and its requests."""

    size: int = 768
    base64: bool = True
    without_base64: int | None = 400
    most_texts: int = 10_000
    bad_word: str = "UNSPEAKABLE"
    requests: list[dict[str, object]] = field(default_factory=list)

    def __call__(self, exchange: Exchange) -> None:
        request = json.loads(exchange.body)
        self.requests.append(request)
        texts = exchange.texts
        if not self.base64 and request["encoding_format"] == "base64":
            if self.without_base64 is None:
                exchange.answer(200, b'{"data": []}')
                return
            faults.refusal(self.without_base64)(exchange)
            return
        if len(texts) > self.most_texts or any(self.bad_word in text for text in texts):
            faults.refusal(422)(exchange)
            return
        data = [{"embedding": lexical_vector(text, self.size).tolist()} for text in texts]
        exchange.answer(200, json.dumps({"data": data}).encode())

    @property
    def sizes(self) -> list[int]:
        return [len(request["input"]) for request in self.requests]  # type: ignore[arg-type]

    @property
    def encodings(self) -> list[object]:
        return [request["encoding_format"] for request in self.requests]


@pytest.fixture
def knowledge(database: Database) -> Knowledge:
    knowledge = Knowledge(database)
    knowledge.tenant("acme", model=MODEL)
    knowledge.articles("acme", 3)
    return knowledge


def run(knowledge: Knowledge, respond: Fault, slug: str = "acme") -> TenantOutcome:
    """Run once, in a process of its own as it were: nothing is kept but what is stored."""
    with (
        FailingProvider(respond) as provider,
        embedder(knowledge.database, provider.base_url, requests_per_tenant=1) as embed,
    ):
        return knowledge.run(embed, slug)


def run_at(knowledge: Knowledge, provider: FailingProvider) -> TenantOutcome:
    """Run once; the endpoint is the server's own."""
    with embedder(knowledge.database, provider.base_url, endpoint=None) as embed:
        return knowledge.run(embed, "acme")


def dimensions(knowledge: Knowledge, slug: str = "acme") -> set[int]:
    rows = knowledge.rows(slug, "SELECT dimension FROM loopctl_pipelines.embedding_states")
    return {dimension for (dimension,) in rows}


@pytest.mark.parametrize("size", [384, 768, 1_024])
def test_smaller_vectors_are_filled_with_zeros_and_their_space_has_the_models_dimension(
    knowledge: Knowledge, size: int
) -> None:
    outcome = run(knowledge, Server(size))
    assert (outcome.error, outcome.counts.embedded) == (None, 3)
    assert dimensions(knowledge) == {size}
    for vector in knowledge.vectors("acme").values():
        numbers = json.loads(vector or "")
        assert len(numbers) == 1_536
        assert set(numbers[size:]) == {0}


def test_an_article_with_the_padded_vector_of_its_text_is_not_sent_again(
    knowledge: Knowledge,
) -> None:
    [(article,)] = knowledge.rows("acme", "SELECT id FROM articles WHERE title = 'Article 0'")
    run(knowledge, Server())
    knowledge.edit("acme", article, category="other")
    knowledge.article("acme", "New")
    again = Server()
    counts = run(knowledge, again).counts
    assert (counts.unchanged, again.sizes) == (1, [1])


def test_a_model_that_gives_another_size_now_embeds_everything_again(knowledge: Knowledge) -> None:
    run(knowledge, Server(768))
    knowledge.article("acme", "New")
    run(knowledge, Server(384))
    assert knowledge.pending("acme") == TITLES
    run(knowledge, Server(384))
    assert dimensions(knowledge) == {384}


def test_an_answer_of_another_size_within_a_run_is_malformed(knowledge: Knowledge) -> None:
    for n in range(4):
        knowledge.article("acme", f"Long {n}", "\N{GRINNING FACE}" * 32_000)
    small, smaller = Server(768), Server(384)

    def in_turn(exchange: Exchange) -> None:
        (smaller if small.requests else small)(exchange)

    outcome = run(knowledge, in_turn)
    assert outcome.failures["malformed"] > 0
    assert dimensions(knowledge) == {768}


def test_vectors_larger_than_the_column_are_permanent_at_once_and_named(
    knowledge: Knowledge,
) -> None:
    server = Server(3_072)
    for outcome in (run(knowledge, server), run(knowledge, server)):
        assert isinstance(outcome.error, WrongSizeError)
        assert "model 'a-local-model' gives 3,072 numbers, the column holds 1,536." in str(
            outcome.error
        )
        assert outcome.breaker is CircuitState.CLOSED
    assert server.sizes == [3]
    assert knowledge.pending("acme") == set()
    assert knowledge.rows("acme", "SELECT count(*) FROM llm_usage_events") == [(1,)]


def test_articles_of_a_model_that_was_too_large_are_embedded_with_another_one(
    knowledge: Knowledge,
) -> None:
    run(knowledge, Server(4_096))
    with knowledge.database.operator_transaction() as connection:
        connection.execute("UPDATE tenant_llm_settings SET embedding_model = 'smaller'")
    assert run(knowledge, Server(768)).counts.embedded == 3


@pytest.mark.parametrize(
    ("model", "asked"),
    [
        ("text-embedding-3-large", 1_536),
        ("vendor/text-embedding-3-large", 1_536),
        ("gateway/vendor/text-embedding-3-small", 1_536),
        ("vendor/a-text-embedding-3-large", None),
        (MODEL, None),
    ],
)
def test_the_columns_dimension_is_asked_for_where_the_model_takes_it(
    knowledge: Knowledge, model: str, asked: int | None
) -> None:
    with knowledge.database.operator_transaction() as connection:
        connection.execute("UPDATE tenant_llm_settings SET embedding_model = %s", [model])
    server = Server()
    run(knowledge, server)
    assert [request.get("dimensions") for request in server.requests] == [asked]


@pytest.mark.parametrize("refusal", [400, 422, None])
def test_a_server_without_base64_is_asked_once_with_floats_and_never_again_for_base64(
    knowledge: Knowledge, refusal: int | None
) -> None:
    server = Server(base64=False, without_base64=refusal)
    assert run(knowledge, server).counts.embedded == 3
    assert server.encodings == ["base64", "float"]
    knowledge.article("acme", "New")
    assert run(knowledge, server).counts.embedded == 1
    assert server.encodings == ["base64", "float", "float"]


def test_a_server_without_base64_that_takes_few_texts_is_asked_with_floats_for_a_single_one(
    knowledge: Knowledge,
) -> None:
    server = Server(base64=False, most_texts=1)
    assert run(knowledge, server).counts.embedded == 3
    assert "base64" not in server.encodings[server.sizes.index(1) + 1 :]


def test_a_rejected_text_is_asked_with_floats_once_only(knowledge: Knowledge) -> None:
    knowledge.article("acme", "Bad", "UNSPEAKABLE")
    server = Server()
    counts = run(knowledge, server).counts
    assert (counts.embedded, counts.set_aside) == (3, 1)
    assert server.encodings.count("float") == 1
    assert knowledge.rows("acme", "SELECT floats FROM loopctl_pipelines.embedding_endpoints") == [
        (False,)
    ]


@pytest.mark.parametrize("most_texts", [10, 32])
def test_the_largest_accepted_number_of_texts_is_remembered(
    knowledge: Knowledge, most_texts: int
) -> None:
    for n in range(3, 200):
        knowledge.article("acme", f"Article {n}")
    first = Server(most_texts=most_texts)
    assert run(knowledge, first).counts.embedded == 200
    for n in range(200, 300):
        knowledge.article("acme", f"Article {n}")
    second = Server(most_texts=most_texts)
    assert run(knowledge, second).counts.embedded == 100
    assert most_texts // 2 < max(second.sizes) <= most_texts
    assert sum(second.sizes) == 100
    assert len(second.sizes) <= 100 // max(second.sizes) + 2


def test_an_odd_text_does_not_shrink_later_requests(knowledge: Knowledge) -> None:
    for n in range(3, 40):
        knowledge.article("acme", f"Article {n}", "UNSPEAKABLE" if n == 20 else "A body.")
    run(knowledge, Server())
    assert knowledge.rows(
        "acme", "SELECT most_texts FROM loopctl_pipelines.embedding_endpoints"
    ) == [(None,)]


def test_what_one_tenant_learns_changes_nothing_for_another(knowledge: Knowledge) -> None:
    knowledge.tenant("blue", model=MODEL)
    knowledge.articles("blue", 8)
    run(knowledge, Server(base64=False, most_texts=2))
    server = Server()
    run(knowledge, server, "blue")
    assert (server.encodings, server.sizes) == (["base64"], [8])


def test_a_404_that_is_not_about_the_model_is_the_operators_and_sets_nothing_aside(
    knowledge: Knowledge,
) -> None:
    with FailingProvider(faults.refusal(404)) as provider:
        outcome = run_at(knowledge, provider)
        assert isinstance(outcome.error, WrongUrlError)
        assert "LOOPCTL_EMBEDDING_BASE_URL" in str(outcome.error)
        assert (outcome.counts.set_aside, outcome.breaker) == (0, CircuitState.CLOSED)
        assert provider.requests == 1
    assert knowledge.states("acme") == {}
    assert knowledge.pending("acme") == TITLES
    [pending] = pending_embeddings(knowledge.database)
    assert pending.paused_until is not None


@pytest.mark.parametrize("status", [401, 404, 429])
def test_what_one_address_refused_is_embedded_at_another(knowledge: Knowledge, status: int) -> None:
    with FailingProvider(faults.refusal(status)) as wrong:
        run_at(knowledge, wrong)
    with FailingProvider(lexical) as right:
        outcome = run_at(knowledge, right)
    assert (outcome.error, outcome.counts.embedded) == (None, 3)


@pytest.mark.parametrize("status", [401, 404, 429])
def test_the_sensor_sees_at_once_that_the_address_is_another(
    knowledge: Knowledge, status: int
) -> None:
    with FailingProvider(faults.refusal(status)) as wrong:
        run_at(knowledge, wrong)
    forget_other_endpoints(knowledge.database, b"another")
    [pending] = pending_embeddings(knowledge.database)
    assert (pending.items, pending.paused_until) == (3, None)


def test_the_sensor_leaves_refusals_of_the_same_address(knowledge: Knowledge) -> None:
    with FailingProvider(faults.refusal(401)) as provider:
        run_at(knowledge, provider)
        with embedder(knowledge.database, provider.base_url, endpoint=None) as embed:
            forget_other_endpoints(knowledge.database, embed.provider.endpoint)
    assert pending_embeddings(knowledge.database) == []


def test_the_header_of_the_key_is_part_of_the_address_and_a_slash_at_its_end_is_not() -> None:
    def endpoint(url: str, header: str) -> bytes:
        return EmbeddingProvider(url, key_header=header).endpoint

    one = endpoint("http://server/v1", "Authorization")
    assert endpoint("http://server/v1/", "authorization") == one
    assert endpoint("http://server/v1", "api-key") != one
    assert endpoint("http://server", "Authorization") != one
