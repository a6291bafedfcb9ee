"""One write of articles in every condition, and a repeated write that meets a lock."""

import numpy as np
import pytest

from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.knowledge.embedding.storage.queries import read_pending
from loopctl_pipelines.knowledge.embedding.storage.rows import WriteResult
from loopctl_pipelines.knowledge.embedding.storage.vectors import keep_vectors, write_vectors
from loopctl_pipelines.knowledge.embedding.texts.articles import PendingArticle, VectorSpace
from loopctl_pipelines.knowledge.embedding.texts.text import DEFAULT_DIMENSION
from loopctl_pipelines_tests.knowledge.embedding.knowledge import Knowledge
from loopctl_pipelines_tests.usage import id_of

ACME = id_of("acme")
SPACE = VectorSpace()
TITLES = ("made", "kept", "missing", "recategorized", "edited", "drafted", "deleted", "locked")


@pytest.fixture
def knowledge(database: Database) -> Knowledge:
    knowledge = Knowledge(database)
    knowledge.tenant("acme")
    return knowledge


def vector(number: int) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    return np.full(DEFAULT_DIMENSION, number, np.float32)


def pending(knowledge: Knowledge) -> dict[str, PendingArticle]:
    with knowledge.database.tenant_transaction(ACME) as connection:
        return {article.title: article for article in read_pending(connection, ACME, None)}


def first_numbers(knowledge: Knowledge) -> dict[str, float]:
    """Return the first number of each vector, by title."""
    found = knowledge.vectors("acme").items()
    return {title: float(text.strip("[").split(",")[0]) for title, text in found if text}


def test_each_article_of_one_write_is_treated_by_its_own_condition(knowledge: Knowledge) -> None:
    ids = {title: knowledge.article("acme", title) for title in TITLES}
    donor = knowledge.article("acme", "a", "b\n\nc")
    copies = knowledge.article("acme", "a\n\nb", "c")
    articles = pending(knowledge)
    given = [title for title in TITLES if title not in {"kept", "missing"}]
    vectors = {articles[title].hash_in(SPACE): vector(1) for title in given}
    with knowledge.database.tenant_transaction(ACME) as connection:
        keep_vectors(connection, ACME, {articles["kept"].hash_in(SPACE): vector(2)})
        of_donor = {articles["a"].hash_in(SPACE): vector(3)}
        written = write_vectors(connection, ACME, [articles.pop("a")], of_donor, SPACE)
    assert written == WriteResult(frozenset({donor}))
    knowledge.edit("acme", ids["recategorized"], category="other")
    knowledge.edit("acme", ids["edited"], body="Another body.")
    knowledge.edit("acme", ids["drafted"], status="draft")
    with knowledge.database.tenant_transaction(ACME) as connection:
        connection.execute("DELETE FROM articles WHERE id = %s", [ids["deleted"]])
    with knowledge.database.connect() as other:
        other.execute("SELECT FROM articles WHERE id = %s FOR UPDATE", [ids["locked"]])
        with knowledge.database.tenant_transaction(ACME) as connection:
            result = write_vectors(connection, ACME, list(articles.values()), vectors, SPACE)
    written_ids = {ids["made"], ids["kept"], ids["recategorized"], copies}
    assert result == WriteResult(frozenset(written_ids), frozenset({ids["locked"]}))
    assert first_numbers(knowledge) == {
        "made": 1,
        "kept": 2,
        "recategorized": 1,
        "a": 3,
        "a\n\nb": 3,
    }
    audited = knowledge.rows("acme", "SELECT entity_id FROM audit_log")
    assert sorted(audited) == sorted((article_id,) for article_id in (*written_ids, donor))
    assert knowledge.pending("acme") == {"missing", "edited", "locked"}


def test_a_repeated_write_finds_its_articles_written_although_they_are_locked(
    knowledge: Knowledge,
) -> None:
    article = knowledge.article("acme", "made")
    articles = pending(knowledge)
    vectors = {articles["made"].hash_in(SPACE): vector(1)}
    with knowledge.database.tenant_transaction(ACME) as connection:
        write_vectors(connection, ACME, list(articles.values()), vectors, SPACE)
    with knowledge.database.connect() as other:
        other.execute("SELECT FROM articles FOR UPDATE")
        with knowledge.database.tenant_transaction(ACME) as connection:
            result = write_vectors(connection, ACME, list(articles.values()), vectors, SPACE)
    assert result == WriteResult(frozenset({article}))
    assert len(knowledge.rows("acme", "SELECT FROM audit_log")) == 1
