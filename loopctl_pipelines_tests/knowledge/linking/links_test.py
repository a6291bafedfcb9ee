"""The links of one tenant after some change, in a real database."""

import pytest

from loopctl_pipelines.knowledge.embedding.texts.articles import VectorSpace
from loopctl_pipelines_tests.knowledge.linking.corpus import Corpus, at_similarity

RELATES, CONFLICT = "relates_to", "potential_conflict"
SYSTEM = '{"auto_generated": true, "similarity_score": 0.5}'


@pytest.mark.parametrize(
    ("similarity", "types"),
    [
        (0.5999, set()),
        (0.6, {RELATES}),
        (0.9299, {RELATES}),
        (0.93, {RELATES, CONFLICT}),
    ],
)
def test_the_similarity_of_a_pair_decides_its_links(
    corpus: Corpus, similarity: float, types: set[str]
) -> None:
    corpus.add("acme", {"a": at_similarity(1), "b": at_similarity(similarity)})
    corpus.link("acme")
    found = corpus.links("acme")
    assert {kind for _, _, kind in found} == types
    assert set(found.values()) <= {similarity}
    assert len(found) == len(types)


def test_articles_of_two_tenants_are_never_linked(corpus: Corpus) -> None:
    corpus.add("acme", {"a": at_similarity(1)})
    corpus.add("blue", {"b": at_similarity(1)})
    corpus.link("acme", "blue")
    assert corpus.links("acme") == corpus.links("blue") == {}


def test_an_article_of_a_project_is_linked_to_its_project_s_and_to_the_whole_tenant_s(
    corpus: Corpus,
) -> None:
    for project in ("red", "green", None):
        corpus.add("acme", {f"of {project}": at_similarity(1)}, project=project)
    corpus.add("acme", {"red too": at_similarity(1)}, project="red")
    corpus.link("acme")
    pairs = {frozenset(link[:2]) for link in corpus.links("acme")}
    assert pairs == {
        frozenset(pair)
        for pair in [
            ("of red", "red too"),
            ("of red", "of None"),
            ("red too", "of None"),
            ("of green", "of None"),
        ]
    }


def test_vectors_of_two_models_are_never_compared(corpus: Corpus) -> None:
    corpus.add("acme", {"a": at_similarity(1)})
    corpus.add("acme", {"b": at_similarity(1)}, space=VectorSpace("another-model"))
    corpus.add("acme", {"c": at_similarity(1)}, space=VectorSpace(dimension=384))
    corpus.link("acme")
    assert corpus.links("acme") == {}


def test_the_links_of_an_edited_article_are_replaced(corpus: Corpus) -> None:
    corpus.add("acme", {"a": at_similarity(1), "near": at_similarity(0.95)})
    corpus.add("acme", {"far": at_similarity(0.1, axis=2)})
    corpus.link("acme")
    before = corpus.links("acme")
    assert {frozenset(link[:2]) for link in before} == {frozenset(("a", "near"))}
    corpus.embed_again("acme", {"a": at_similarity(0.05, axis=2)})
    linked = corpus.link("acme")
    found = corpus.links("acme")
    assert set(found) == {("a", "far", RELATES), ("a", "far", CONFLICT)}
    assert min(found.values()) > 0.99
    assert (linked.counts.articles, linked.counts.added, linked.counts.removed) == (1, 2, 2)


def test_a_link_from_an_unchanged_article_keeps_up_with_the_other_s_vector(corpus: Corpus) -> None:
    crowd = {f"crowd {n}": at_similarity(0.99, axis=9) for n in range(11)}
    corpus.add("acme", {"edited": at_similarity(1)})
    corpus.link("acme")
    corpus.add("acme", {"unchanged": at_similarity(0.7)})
    corpus.link("acme")
    assert corpus.links("acme") == {("unchanged", "edited", RELATES): 0.7}
    # its ten nearest are others now, and it is not far from the unchanged one
    corpus.add("acme", crowd)
    corpus.embed_again("acme", {"edited": at_similarity(0.99, axis=9)})
    corpus.link("acme")
    assert corpus.links("acme")["unchanged", "edited", RELATES] == 0.693


def test_a_person_s_links_stay_and_are_not_doubled(corpus: Corpus) -> None:
    corpus.add("acme", {"a": at_similarity(1), "b": at_similarity(0.8), "c": at_similarity(-1)})
    corpus.link_by_hand("acme", "b", "a", RELATES)
    corpus.link_by_hand("acme", "a", "c", RELATES)
    corpus.link_by_hand("acme", "c", "a", "contradicts")
    by_hand = corpus.links("acme")
    corpus.link("acme")
    assert corpus.links("acme") == by_hand
    corpus.execute("acme", "UPDATE articles SET status = 'archived' WHERE title = 'a'")
    corpus.link("acme")
    assert corpus.links("acme") == by_hand


def test_what_another_linker_left_is_brought_in_line(corpus: Corpus) -> None:
    corpus.add("acme", {"a": at_similarity(1), "b": at_similarity(0.8), "c": at_similarity(-1)})
    corpus.link_by_hand("acme", "a", "b", RELATES, SYSTEM)
    corpus.link_by_hand("acme", "b", "a", RELATES, SYSTEM)
    corpus.link_by_hand("acme", "a", "c", RELATES, SYSTEM)
    linked = corpus.link("acme")
    [((*pair, kind), similarity)] = corpus.links("acme").items()
    assert (set(pair), kind, similarity) == ({"a", "b"}, RELATES, 0.8)
    assert (linked.counts.removed, linked.counts.updated, linked.counts.added) == (2, 1, 0)


def test_a_judged_pair_keeps_its_flag_and_gets_no_new_one(corpus: Corpus) -> None:
    corpus.add("acme", {"a": at_similarity(1), "b": at_similarity(0.95)})
    corpus.link("acme")
    assert CONFLICT in {kind for _, _, kind in corpus.links("acme")}
    corpus.judge("acme", "b", "a")
    corpus.embed_again("acme", {"a": at_similarity(0.2)})
    corpus.link("acme")
    assert [kind for _, _, kind in corpus.links("acme")] == [CONFLICT]
    corpus.execute("acme", "DELETE FROM article_links")
    corpus.embed_again("acme", {"a": at_similarity(0.99)})
    corpus.link("acme")
    assert [kind for _, _, kind in corpus.links("acme")] == [RELATES]


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE articles SET status = 'draft' WHERE title = 'a'",
        "UPDATE articles SET status = 'archived' WHERE title = 'a'",
        "UPDATE articles SET embedding = NULL WHERE title = 'a'",
    ],
)
def test_an_article_that_departs_loses_its_links(corpus: Corpus, change: str) -> None:
    corpus.add("acme", {"a": at_similarity(1), "b": at_similarity(0.8)})
    corpus.link("acme")
    corpus.execute("acme", change)
    assert corpus.link("acme").counts.removed == 1
    assert corpus.links("acme") == {}


def test_nothing_is_written_twice(corpus: Corpus) -> None:
    corpus.add("acme", {f"article {n}": at_similarity(0.8, axis=1 + n) for n in range(30)})
    first = corpus.link("acme")
    assert first.counts.added >= 150
    rows = "SELECT id, xmin::text FROM article_links ORDER BY id"
    written = corpus.execute("acme", rows)
    again = corpus.link("acme")
    assert (again.counts.articles, again.counts.added, again.counts.updated) == (0, 0, 0)
    # every vector is read again, and no similarity differs
    corpus.execute("acme", "DELETE FROM loopctl_pipelines.linked_articles")
    assert corpus.link("acme").counts.articles == 30
    assert corpus.execute("acme", rows) == written
    assert corpus.audited("acme") == [
        {
            "article_count": 30,
            "new_link_count": first.counts.added,
            "updated_link_count": 0,
            "removed_link_count": 0,
        }
    ]


def test_an_article_is_linked_to_its_ten_nearest(corpus: Corpus) -> None:
    near = {f"at {n}": at_similarity(0.7 + n / 100, axis=1 + n) for n in range(20)}
    corpus.add("acme", near)
    corpus.link("acme")
    corpus.execute("acme", "DELETE FROM article_links")
    corpus.add("acme", {"new": at_similarity(1)})
    corpus.link("acme")
    found = corpus.links("acme")
    assert {target for source, target, _ in found if source == "new"} == {
        f"at {n}" for n in range(10, 20)
    }
    assert {source for source, _, _ in found} == {"new"}
