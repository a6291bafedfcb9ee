"""The statements of a search: fusion by rank, and a tenant among others in the vector index."""

import json
from uuid import UUID

import numpy as np
import pytest

from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.knowledge.embedding.texts.articles import VectorSpace
from loopctl_pipelines.knowledge.embedding.work.text_embedding import EmbeddedText
from loopctl_pipelines.knowledge.search.ranked import storage
from loopctl_pipelines.knowledge.search.ranked.index_scan import IndexScan
from loopctl_pipelines.knowledge.search.ranked.pages import FoundWords, Query, VectorPage
from loopctl_pipelines.knowledge.search.ranked.rules import Filters, Slice, Words
from loopctl_pipelines_tests.api.routes.searched_articles import Articles
from loopctl_pipelines_tests.api.rows import add_tenants
from loopctl_pipelines_tests.usage import id_of

ACME = id_of("acme")
SPACE = VectorSpace()


def at_similarity(similarity: float, axis: int = 1) -> str:
    """Return a vector with this similarity to the searched text's."""
    vector = np.zeros(SPACE.dimension)
    vector[0], vector[axis] = similarity, np.sqrt(1 - similarity**2)
    return str(vector.tolist())


def searched() -> EmbeddedText:
    vector = np.zeros(SPACE.dimension, dtype=np.float32)
    vector[0] = 1
    return EmbeddedText(vector, SPACE, 1)


@pytest.fixture
def articles(database: Database) -> Articles:
    add_tenants(database, "acme", "other")
    return Articles(database)


def near(
    articles: Articles,
    word_ranks: dict[str, float] | None,
    *,
    words: Words = Words.ALL,
    scan: IndexScan | None = None,
    limit: int = 10,
) -> VectorPage:
    found = None
    if word_ranks is not None:
        ids, ranks = [_id(articles, title) for title in word_ranks], list(word_ranks.values())
        found = FoundWords(Query(words, "'retri'"), len(ids), ids, ranks)
    with articles.database.tenant_transaction(ACME) as connection:
        return storage.search_vector(
            connection,
            ACME,
            searched(),
            found,
            Filters(),
            Slice(limit),
            scan=scan,
        )


def _id(articles: Articles, title: str) -> UUID:
    with articles.database.tenant_transaction(ACME) as connection:
        query = "SELECT id FROM articles WHERE title = %s"
        row = connection.execute(query, [title]).fetchone()
    assert row is not None
    return UUID(str(row[0]))


def scores(page: VectorPage) -> list[tuple[str, float]]:
    return [(item["title"], item["score"]) for item in json.loads(page.items)]


def test_places_are_fused_whatever_the_ranks_of_words_that_are_close(articles: Articles) -> None:
    articles.add("acme", "a", vector=at_similarity(0.60))
    articles.add("acme", "b", vector=at_similarity(0.80))
    articles.add("acme", "c", space=None)
    articles.add("acme", "d", vector=at_similarity(0.70))
    fused = scores(near(articles, {"a": 3.0, "b": 1.0, "c": 0.5}))
    assert [(title, round(score, 5)) for title, score in fused] == [
        ("b", 0.01626),
        ("a", 0.01613),
        ("d", 0.00806),
        ("c", 0.00794),
    ]


def test_words_that_are_far_apart_count_less(articles: Articles) -> None:
    articles.add("acme", "near", vector=at_similarity(0.5))
    articles.add("acme", "far", space=None)
    fused = scores(near(articles, {"far": 0.0003}))
    assert [(title, round(score, 5)) for title, score in fused] == [
        ("near", 0.0082),  # 0.5 / 61
        ("far", 0.00082),  # 0.05 / 61
    ]


def test_articles_with_some_of_the_words_count_less_whatever_their_rank(articles: Articles) -> None:
    articles.add("acme", "near", vector=at_similarity(0.5))
    articles.add("acme", "far", space=None)
    fused = scores(near(articles, {"far": 9.0}, words=Words.ANY))
    assert [(title, round(score, 5)) for title, score in fused] == [
        ("near", 0.0082),  # 0.5 / 61
        ("far", 0.0041),  # 0.25 / 61
    ]


def test_without_a_fusion_the_score_is_the_similarity(articles: Articles) -> None:
    for title, similarity in (("a", 0.6), ("b", 0.8), ("c", -0.5)):
        articles.add("acme", title, vector=at_similarity(similarity))
    found = scores(near(articles, None))
    assert [(title, round(score, 5)) for title, score in found] == [
        ("b", 0.8),
        ("a", 0.6),
        ("c", -0.5),
    ]


def test_an_article_that_was_unpublished_since_its_words_were_found_is_left_out(
    articles: Articles,
) -> None:
    articles.add("acme", "a", vector=at_similarity(0.6))
    articles.add("acme", "draft", status="draft", space=None)
    assert [title for title, _ in scores(near(articles, {"draft": 0.02, "a": 0.01}))] == ["a"]


def test_the_index_gives_a_tenant_its_articles_among_nearer_ones_of_another(
    articles: Articles,
) -> None:
    for number in range(400):
        articles.add("other", f"{number}", vector=at_similarity(0.9, 2 + number))
    for number in range(20):
        articles.add("acme", f"{number}", vector=at_similarity(0.02 * number, 2 + number))
    in_index, exact = (near(articles, None, scan=scan) for scan in (IndexScan(15, 40), None))
    assert exact.near == 10
    assert in_index == exact
