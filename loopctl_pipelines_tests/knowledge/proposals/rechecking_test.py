"""Articles that passed the gate unchecked are compared again when vectors and links have landed."""

import pytest

from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.knowledge.proposals.operator_queries import forget_deleted_tenants
from loopctl_pipelines_tests.api.rows import rows_of
from loopctl_pipelines_tests.knowledge.linking.corpus import Corpus, at_similarity
from loopctl_pipelines_tests.usage import id_of
from loopctl_pipelines_tests.webhooks.subscriptions import add_webhook, queued


@pytest.fixture
def corpus(database: Database) -> Corpus:
    corpus = Corpus(database)
    corpus.tenant("acme")
    return corpus


_AGE = "UPDATE articles SET inserted_at = inserted_at + %s * interval '1 hour' WHERE title = %s"
_EMBEDDED = (
    "UPDATE loopctl_pipelines.embedding_states AS state SET row_version = article.xmin"
    " FROM articles AS article WHERE article.id = state.article_id"
)
_UNCHECKED = (
    "INSERT INTO loopctl_pipelines.unchecked_proposals (tenant_id, article_id, created_at)"
    " SELECT tenant_id, id, now() FROM articles WHERE title = %s"
)


def _add_in_order(corpus: Corpus, *titles: str, similarity: float = 0.95) -> None:
    """Add articles that are alike, the earliest first, and leave the others unchecked."""
    vectors = {title: at_similarity(similarity, axis) for axis, title in enumerate(titles, 1)}
    corpus.add("acme", {**vectors, titles[0]: at_similarity(1)})
    with corpus.database.tenant_transaction(id_of("acme")) as connection:
        for age, title in enumerate(titles):
            connection.execute(_AGE, [age, title])
        connection.execute(_EMBEDDED)
    _leave_unchecked(corpus, *titles[1:])


def _leave_unchecked(corpus: Corpus, *titles: str) -> None:
    with corpus.database.tenant_transaction(id_of("acme")) as connection:
        for title in titles:
            connection.execute(_UNCHECKED, [title])


def _states(corpus: Corpus) -> dict[str, str]:
    return {row["title"]: row["status"] for row in rows_of(corpus.database, "articles")}


def _unchecked(corpus: Corpus) -> int:
    return len(
        corpus.execute("acme", "SELECT article_id FROM loopctl_pipelines.unchecked_proposals")
    )


def test_an_article_that_is_near_to_an_earlier_one_becomes_a_draft(corpus: Corpus) -> None:
    _add_in_order(corpus, "First", "Second")
    add_webhook(corpus.database, "acme", "article.unpublished")
    outcome = corpus.link("acme")
    assert outcome.unpublished == 1
    assert _states(corpus) == {"First": "published", "Second": "draft"}
    (second,) = [row for row in rows_of(corpus.database, "articles") if row["title"] == "Second"]
    novelty = second["metadata"]["proposal_novelty"]
    assert novelty["verdict"] == "low_novelty"
    assert novelty["nearest"][0]["title"] == "First"
    assert novelty["score"] == pytest.approx(0.95, abs=1e-6)
    audits = {row["action"]: row for row in rows_of(corpus.database, "audit_log")}
    assert audits["article.unpublished"]["actor_label"] == "worker:proposal_gate"
    assert len(queued(corpus.database)) == 1
    assert _unchecked(corpus) == 0


def test_of_several_that_are_alike_and_unchecked_the_earliest_stays(corpus: Corpus) -> None:
    _add_in_order(corpus, "First", "Second", "Third")
    _leave_unchecked(corpus, "First")
    assert corpus.link("acme").unpublished == 2
    assert _states(corpus) == {"First": "published", "Second": "draft", "Third": "draft"}


def test_an_article_that_is_new_stays_and_is_not_checked_again(corpus: Corpus) -> None:
    _add_in_order(corpus, "First", "Second", similarity=0.87)
    assert corpus.link("acme").unpublished == 0
    assert _states(corpus) == {"First": "published", "Second": "published"}
    assert _unchecked(corpus) == 0


def test_an_article_that_the_gate_compared_is_left_alone(corpus: Corpus) -> None:
    _add_in_order(corpus, "First", "Second")
    corpus.execute("acme", "DELETE FROM loopctl_pipelines.unchecked_proposals")
    assert corpus.link("acme").unpublished == 0


def test_while_articles_are_pending_a_new_one_is_checked_again_later(corpus: Corpus) -> None:
    _add_in_order(corpus, "First", "Second", similarity=0.5)
    corpus.execute("acme", "UPDATE articles SET body = 'another' WHERE title = 'First'")
    corpus.link("acme")
    assert _unchecked(corpus) == 1
    corpus.embed_again("acme", {"First": at_similarity(0.5)})
    corpus.execute("acme", _EMBEDDED)
    corpus.link("acme")
    assert _unchecked(corpus) == 0


def test_the_proposals_of_a_deleted_tenant_are_forgotten(corpus: Corpus) -> None:
    _add_in_order(corpus, "First", "Second")
    assert _unchecked(corpus) == 1
    with corpus.database.operator_transaction() as connection:
        connection.execute("DELETE FROM tenants")
    forget_deleted_tenants(corpus.database)
    assert _unchecked(corpus) == 0
