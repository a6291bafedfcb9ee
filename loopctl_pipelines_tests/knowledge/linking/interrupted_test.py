"""Runs that are cut short, that overlap, or whose articles change while they are searched."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from loopctl_pipelines.database.connection import TenantConnection
from loopctl_pipelines.knowledge.linking import linker, storage
from loopctl_pipelines.knowledge.linking.storage import LinkCounts
from loopctl_pipelines.knowledge.search.nearest import NearestSearch
from loopctl_pipelines_tests.knowledge.linking.corpus import Corpus, at_similarity

_ARTICLES = 30


@pytest.fixture
def corpus(corpus: Corpus, monkeypatch: pytest.MonkeyPatch) -> Corpus:
    """Give a tenant of 30 articles that are linked in batches of 7, all of them alike."""
    monkeypatch.setattr(linker, "ARTICLES_PER_WRITE", 7)
    made = {f"article {n}": at_similarity(0.8 + n / 1000, axis=1 + n) for n in range(_ARTICLES)}
    corpus.add("acme", made)
    return corpus


def _pairs(corpus: Corpus) -> set[frozenset[str]]:
    found = corpus.links("acme")
    pairs = {frozenset(link[:2]) for link in found}
    assert len(pairs) == len(found)
    return pairs


def _from_scratch(corpus: Corpus) -> set[frozenset[str]]:
    corpus.execute("acme", "DELETE FROM article_links")
    corpus.execute("acme", "DELETE FROM loopctl_pipelines.linked_articles")
    corpus.link("acme")
    return _pairs(corpus)


def test_after_a_run_was_cut_short_the_next_links_the_rest(
    corpus: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    batches = iter((True, True, False))
    note = storage.note_changes

    def note_or_end(connection: TenantConnection, tenant_id: object, counts: LinkCounts) -> None:
        if not next(batches):
            raise KeyboardInterrupt
        note(connection, tenant_id, counts)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(storage, "note_changes", note_or_end)
        with pytest.raises(KeyboardInterrupt):
            corpus.link("acme")
    linked = corpus.execute("acme", "SELECT count(*) FROM loopctl_pipelines.linked_articles")
    assert linked == [(14,)]
    assert corpus.audited("acme") == []
    assert corpus.link("acme").counts.articles == _ARTICLES - 14
    [audited] = corpus.audited("acme")
    found = _pairs(corpus)
    assert audited["article_count"] == _ARTICLES
    assert audited["new_link_count"] == len(found)
    assert found == _from_scratch(corpus)


def test_runs_at_once_link_each_pair_once(corpus: Corpus) -> None:
    with ThreadPoolExecutor(3) as pool:
        runs = [pool.submit(corpus.link, "acme") for _ in range(3)]
        outcomes = [run.result() for run in runs]
    assert [outcome.error for outcome in outcomes] == [None] * 3
    found = _pairs(corpus)
    assert sum(outcome.counts.added for outcome in outcomes) == len(found)
    assert sum(outcome.counts.articles for outcome in outcomes) == _ARTICLES
    assert sum(audited["new_link_count"] for audited in corpus.audited("acme")) == len(found)
    assert found == _from_scratch(corpus)


def test_what_changes_between_search_and_write_is_left_for_the_next_run(
    corpus: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    search = NearestSearch.nearest

    def search_while_articles_change(self: NearestSearch, articles: list) -> object:  # type: ignore[type-arg]
        found = search(self, articles)
        corpus.embed_again("acme", {"article 0": at_similarity(-1)})
        corpus.execute("acme", "DELETE FROM articles WHERE title = 'article 1'")
        corpus.execute("acme", "UPDATE articles SET status = 'draft' WHERE title = 'article 2'")
        return found

    with monkeypatch.context() as patch:
        patch.setattr(NearestSearch, "nearest", search_while_articles_change)
        assert corpus.link("acme").counts.articles == _ARTICLES - 3
    corpus.link("acme")
    found = _pairs(corpus)
    assert not {"article 0", "article 1", "article 2"} & {title for pair in found for title in pair}
    assert corpus.link("acme").counts == LinkCounts()
