"""Which vectors are written: of texts that have not changed, in one space, once per text."""

from collections.abc import Callable
from uuid import UUID, uuid4

import numpy as np
import pytest

from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.knowledge.embedding.operator_queries import pending_embeddings
from loopctl_pipelines.knowledge.embedding.storage.queries import read_pending
from loopctl_pipelines.knowledge.embedding.storage.rows import WriteResult
from loopctl_pipelines.knowledge.embedding.storage.vectors import write_vectors
from loopctl_pipelines.knowledge.embedding.texts.articles import VectorSpace
from loopctl_pipelines.knowledge.embedding.texts.text import (
    DEFAULT_DIMENSION,
    DEFAULT_MODEL,
    article_text,
    content_hash,
    legacy_hash,
)
from loopctl_pipelines.knowledge.embedding.work.embedder import Embedder
from loopctl_pipelines.knowledge.embedding.work.tenant_outcome import Counts
from loopctl_pipelines.llm.fake.loopback import LoopbackServer
from loopctl_pipelines.llm.operation import Operation
from loopctl_pipelines.llm.usage import UsageEvent, record_usage
from loopctl_pipelines_tests.knowledge.embedding.knowledge import (
    KEY,
    OTHER_MODEL,
    Knowledge,
    embedder,
)
from loopctl_pipelines_tests.knowledge.embedding.scripted_provider import scripted
from loopctl_pipelines_tests.llm.failing_provider import Exchange
from loopctl_pipelines_tests.usage import id_of

OLD_VECTOR = "[" + ",".join(["1"] * DEFAULT_DIMENSION) + "]"


@pytest.fixture
def knowledge(database: Database) -> Knowledge:
    knowledge = Knowledge(database)
    knowledge.tenant("acme")
    return knowledge


def during_the_request(knowledge: Knowledge, act: Callable[[], object]) -> Counts:
    """Embed the pending articles, and act once while the provider has the request."""
    left = [act]

    def script(_: Exchange) -> None:
        if left:
            left.pop()()

    with (
        scripted(script) as provider,
        embedder(knowledge.database, provider.base_url) as embed,
    ):
        return knowledge.run(embed, "acme").counts


def test_vector_hash_model_and_dimension_are_written_together(
    knowledge: Knowledge, embed: Embedder
) -> None:
    knowledge.article("acme", "One", "A body.")
    knowledge.run(embed, "acme")
    [row] = knowledge.rows(
        "acme",
        "SELECT vector_dims(embedding), embedding_content_hash, state.content_hash, model,"
        " dimension FROM articles"
        " JOIN loopctl_pipelines.embedding_states AS state ON article_id = id",
    )
    stored = content_hash(DEFAULT_MODEL, DEFAULT_DIMENSION, "One\n\nA body.")
    assert row == (DEFAULT_DIMENSION, stored, stored, DEFAULT_MODEL, DEFAULT_DIMENSION)


def test_each_new_vector_is_audited(knowledge: Knowledge, embed: Embedder) -> None:
    article = knowledge.article("acme", "One")
    for _ in range(2):
        knowledge.run(embed, "acme")
    assert knowledge.rows(
        "acme", "SELECT entity_type, entity_id, action, actor_label, new_state FROM audit_log"
    ) == [
        (
            "article",
            article,
            "article.embedding_updated",
            "worker:embedding",
            {"embedding_dimensions": DEFAULT_DIMENSION},
        )
    ]


@pytest.mark.parametrize("change", [{"body": "Edited."}, {"title": "Renamed"}])
def test_a_text_edited_during_the_request_keeps_its_old_vector_until_the_next_run(
    knowledge: Knowledge, embed: Embedder, change: dict[str, str]
) -> None:
    article = knowledge.article("acme", "One", "First.")
    knowledge.run(embed, "acme")
    old = knowledge.vectors("acme")["One"]
    knowledge.edit("acme", article, body="Second.")
    counts = during_the_request(knowledge, lambda: knowledge.edit("acme", article, **change))
    assert (counts.embedded, counts.edited) == (0, 1)
    (title,) = knowledge.pending("acme")
    assert knowledge.vectors("acme")[title] == old
    assert knowledge.run(embed, "acme").counts.embedded == 1
    assert knowledge.vectors("acme")[title] != old


def test_an_edit_of_metadata_during_the_request_wastes_nothing(
    knowledge: Knowledge, embed: Embedder, loopback: LoopbackServer
) -> None:
    article = knowledge.article("acme", "One")
    counts = during_the_request(
        knowledge, lambda: knowledge.edit("acme", article, category="other")
    )
    assert counts.embedded == 1
    knowledge.run(embed, "acme")
    assert loopback.requests == 0


@pytest.mark.parametrize("status", ["draft", "archived"])
def test_an_article_unpublished_during_the_request_gets_no_vector(
    knowledge: Knowledge, status: str
) -> None:
    article = knowledge.article("acme", "One")
    counts = during_the_request(knowledge, lambda: knowledge.edit("acme", article, status=status))
    assert (counts.embedded, counts.edited) == (0, 1)
    assert knowledge.embedded("acme") == set()
    assert knowledge.pending("acme") == set()


def test_an_article_deleted_during_the_request_is_forgotten(knowledge: Knowledge) -> None:
    def delete() -> None:
        with knowledge.database.tenant_transaction(id_of("acme")) as connection:
            connection.execute("DELETE FROM articles")

    knowledge.article("acme", "One")
    assert during_the_request(knowledge, delete).edited == 1
    assert knowledge.rows("acme", "SELECT FROM loopctl_pipelines.embedding_states") == []


def test_the_state_of_a_deleted_article_is_removed_by_the_next_run(
    knowledge: Knowledge, embed: Embedder
) -> None:
    knowledge.articles("acme", 2)
    knowledge.run(embed, "acme")
    with knowledge.database.tenant_transaction(id_of("acme")) as connection:
        connection.execute("DELETE FROM articles WHERE title = 'Article 0'")
    knowledge.run(embed, "acme")
    assert set(knowledge.states("acme")) == {"Article 1"}
    assert len(knowledge.rows("acme", "SELECT FROM loopctl_pipelines.embedding_states")) == 1


def test_a_changed_model_embeds_everything_again_and_a_changed_key_nothing(
    knowledge: Knowledge, embed: Embedder, loopback: LoopbackServer
) -> None:
    knowledge.articles("acme", 3)
    knowledge.run(embed, "acme")
    knowledge.set_key("acme", KEY)
    assert knowledge.pending("acme") == set()
    knowledge.set_key("acme", KEY, OTHER_MODEL)
    assert len(knowledge.pending("acme")) == 3
    assert knowledge.run(embed, "acme").counts.embedded == 3
    assert loopback.inputs == 6
    assert {
        m for (m,) in knowledge.rows("acme", "SELECT model FROM loopctl_pipelines.embedding_states")
    } == {OTHER_MODEL}


def write_as_loopctl(knowledge: Knowledge, article: UUID, stored: str) -> None:
    knowledge.edit("acme", article, embedding=OLD_VECTOR, embedding_content_hash=stored)


@pytest.mark.parametrize("body", ["A body.", "\N{GRINNING FACE}\r\n" * 30_000, "x" * 40_000])
def test_a_vector_of_loopctl_is_recognized_by_its_hash_and_not_billed_again(
    knowledge: Knowledge, embed: Embedder, loopback: LoopbackServer, body: str
) -> None:
    article = knowledge.article("acme", "Old", body)
    write_as_loopctl(knowledge, article, legacy_hash("Old", body))
    assert knowledge.run(embed, "acme").counts == Counts(unchanged=1)
    assert loopback.requests == 0
    assert knowledge.vectors("acme")["Old"] == OLD_VECTOR
    assert knowledge.pending("acme") == set()


def test_a_vector_of_loopctl_counts_for_the_default_model_only(
    knowledge: Knowledge, embed: Embedder
) -> None:
    article = knowledge.article("acme", "Old", "A body.")
    write_as_loopctl(knowledge, article, legacy_hash("Old", "A body."))
    knowledge.set_key("acme", KEY, OTHER_MODEL)
    assert knowledge.run(embed, "acme").counts.embedded == 1


@pytest.mark.parametrize(
    "body",
    [
        "",
        "x" * 10_000_000,
        "\N{WOMAN}\N{ZERO WIDTH JOINER}\N{PERSONAL COMPUTER}" * 20_000,
        "\N{SYMBOL FOR NULL}\N{REPLACEMENT CHARACTER}\N{BYTE ORDER MARK}",
    ],
    ids=["empty", "10 MB", "emoji with joiners", "like NUL"],
)
def test_a_body_of_any_kind_is_embedded_with_the_hash_of_its_text(
    knowledge: Knowledge, embed: Embedder, body: str
) -> None:
    knowledge.article("acme", "Odd", body)
    outcome = knowledge.run(embed, "acme")
    assert (outcome.error, outcome.counts.embedded) == (None, 1)
    [(stored,)] = knowledge.rows("acme", "SELECT embedding_content_hash FROM articles")
    text = article_text("Odd", body)
    assert stored == content_hash(DEFAULT_MODEL, DEFAULT_DIMENSION, text)
    assert knowledge.pending("acme") == set()


def test_ten_thousand_equal_texts_are_sent_once(
    knowledge: Knowledge, embed: Embedder, loopback: LoopbackServer
) -> None:
    with knowledge.database.operator_transaction() as connection:
        # loopctl allows no two published articles of a tenant with the same title
        connection.execute("DROP INDEX articles_tenant_title_active_idx")
        # it takes a minute for this many equal vectors
        connection.execute("DROP INDEX articles_embedding_hnsw_idx")
        connection.execute(
            "INSERT INTO articles (id, tenant_id, title, body, category, slug, status,"
            " inserted_at, updated_at) SELECT gen_random_uuid(), %s, 'Same', 'Same', 'note',"
            " n::text, 'published', now(), now() FROM generate_series(1, 10000) AS n",
            [id_of("acme")],
        )
    counts = knowledge.run(embed, "acme").counts
    assert (counts.embedded, counts.copied) == (1, 9_999)
    assert (loopback.requests, loopback.inputs) == (1, 1)
    assert knowledge.rows(
        "acme", "SELECT count(DISTINCT embedding), count(embedding) FROM articles"
    ) == [(1, 10_000)]


def test_the_ledger_has_a_row_for_each_billed_request_even_if_the_run_then_fails(
    knowledge: Knowledge, embed: Embedder
) -> None:
    article = knowledge.article("acme", "One", "A body.")
    with knowledge.database.operator_transaction() as connection:
        connection.execute("ALTER TABLE articles ADD CHECK (embedding IS NULL)")
    outcome = knowledge.run(embed, "acme")
    assert outcome.error is not None
    assert "A body." not in str(outcome.error)
    assert knowledge.embedded("acme") == set()
    assert knowledge.rows(
        "acme",
        "SELECT operation, model, input_tokens, output_tokens, article_id FROM llm_usage_events",
    ) == [("embedding", DEFAULT_MODEL, 6, 0, article)]


def test_a_tenant_with_an_unexpected_error_is_paused(knowledge: Knowledge, embed: Embedder) -> None:
    knowledge.article("acme", "One", "A body.")
    with knowledge.database.operator_transaction() as connection:
        connection.execute("ALTER TABLE articles ADD CHECK (embedding IS NULL)")
    assert knowledge.run(embed, "acme").error is not None
    (pending,) = pending_embeddings(knowledge.database)
    assert pending.paused_until is not None


def test_a_ledger_that_cannot_be_written_is_no_error(knowledge: Knowledge, embed: Embedder) -> None:
    knowledge.article("acme", "One")
    with knowledge.database.operator_transaction() as connection:
        connection.execute("ALTER TABLE llm_usage_events ADD CHECK (operation = 'merge')")
    outcome = knowledge.run(embed, "acme")
    assert (outcome.error, outcome.counts.embedded) == (None, 1)


def test_a_write_repeated_after_a_lost_acknowledgement_writes_once(
    knowledge: Knowledge,
) -> None:
    knowledge.articles("acme", 2)
    acme = id_of("acme")
    space = VectorSpace()
    billed = UsageEvent(uuid4(), Operation.EMBEDDING, space.model, input_tokens=7)
    with knowledge.database.tenant_transaction(acme) as connection:
        pending = read_pending(connection, acme, None)
    vectors = {
        article.hash_in(space): np.ones(DEFAULT_DIMENSION, np.float32) for article in pending
    }
    versions = "SELECT id, xmin FROM articles ORDER BY id"
    seen = []
    for _ in range(2):
        with knowledge.database.tenant_transaction(acme) as connection:
            record_usage(connection, acme, billed)
            written = write_vectors(connection, acme, pending, vectors, space)
        assert written == WriteResult(frozenset(article.id for article in pending))
        seen.append(knowledge.rows("acme", versions))
    assert seen[0] == seen[1]
    assert len(knowledge.rows("acme", "SELECT FROM audit_log")) == 2
    assert knowledge.rows("acme", "SELECT input_tokens FROM llm_usage_events") == [(7,)]
