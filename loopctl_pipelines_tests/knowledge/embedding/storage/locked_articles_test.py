"""Articles that another session has locked: their vectors are kept, and no run waits for them."""

import logging
from collections.abc import Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from uuid import UUID

import pytest

from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.knowledge.embedding.operator_queries import forget_deleted_tenants
from loopctl_pipelines.knowledge.embedding.work.embedder import Embedder
from loopctl_pipelines.knowledge.embedding.work.tenant_outcome import Counts
from loopctl_pipelines.llm.fake.loopback import LoopbackServer
from loopctl_pipelines.tenants.operator_queries import list_tenants
from loopctl_pipelines_tests.knowledge.embedding.knowledge import Knowledge
from loopctl_pipelines_tests.usage import id_of

# so many bytes that a request holds two: all four requests of a tenant are in flight
LONG = "\N{GRINNING FACE}" * 31_000
LOCKED = "article_locked"
_HANGS_SECONDS = 60


@pytest.fixture
def knowledge(database: Database) -> Knowledge:
    knowledge = Knowledge(database)
    knowledge.tenant("acme")
    return knowledge


@contextmanager
def session(database: Database, query: str, *values: object) -> Iterator[None]:
    """Open a session that holds the locks of a query, and commits when the block ends."""
    with database.connect() as connection:
        connection.execute(query.encode(), values)
        yield


def locked(database: Database, articles: Collection[UUID]) -> AbstractContextManager[None]:
    """Lock these articles during the block."""
    query = "SELECT FROM articles WHERE id = ANY(%s) FOR UPDATE"
    return session(database, query, list(articles))


def embed_under(
    lock: AbstractContextManager[None], embed: Embedder, *slugs: str
) -> dict[str, Counts]:
    """Embed the pending articles of these tenants during a lock; fail if that waits for its end."""
    tenants = list_tenants(embed.database)

    def embed_all() -> dict[str, Counts]:
        outcomes = embed.embed([tenants[slug] for slug in slugs])
        return {outcome.slug: outcome.counts for outcome in outcomes}

    with ThreadPoolExecutor(1) as threads, lock:
        return threads.submit(embed_all).result(_HANGS_SECONDS)


def kept(knowledge: Knowledge, slug: str) -> int:
    """Return how many unwritten vectors a tenant has."""
    return len(knowledge.rows(slug, "SELECT FROM loopctl_pipelines.unwritten_vectors"))


def test_the_others_are_embedded_while_all_articles_of_one_tenant_are_locked(
    knowledge: Knowledge, embed: Embedder, loopback: LoopbackServer
) -> None:
    long = [knowledge.article("acme", f"Long {n}", f"{n} {LONG}") for n in range(12)]
    for slug in ("blue", "cold"):
        knowledge.tenant(slug)
        knowledge.articles(slug, 5)
    counts = embed_under(locked(knowledge.database, long), embed, "acme", "blue", "cold")
    assert counts["blue"].embedded == counts["cold"].embedded == 5
    assert (counts["acme"].waiting, counts["acme"].embedded) == (12, 0)
    assert knowledge.states("acme")["Long 0"] == (LOCKED, 1, True)
    knowledge.make_due("acme")
    assert knowledge.run(embed, "acme").counts.copied == 12
    assert len(knowledge.embedded("acme")) == 12
    assert loopback.inputs == 12 + 5 + 5


def test_one_locked_article_delays_no_other_of_its_tenant(
    knowledge: Knowledge, embed: Embedder, loopback: LoopbackServer
) -> None:
    first, *_ = knowledge.articles("acme", 300)
    counts = embed_under(locked(knowledge.database, [first]), embed, "acme")["acme"]
    assert (counts.embedded, counts.waiting, counts.edited) == (299, 1, 0)
    assert loopback.inputs == 300


def test_an_article_that_stays_locked_costs_nothing_more(
    knowledge: Knowledge, embed: Embedder, loopback: LoopbackServer
) -> None:
    articles = knowledge.articles("acme", 2)
    for attempts in (1, 2, 3):
        knowledge.make_due("acme")
        counts = embed_under(locked(knowledge.database, articles), embed, "acme")["acme"]
        assert (counts.waiting, counts.requests) == (2, int(attempts == 1))
        assert knowledge.states("acme")["Article 0"] == (LOCKED, attempts, True)
    assert loopback.inputs == 2


def test_the_old_vector_stays_while_the_article_is_locked(
    knowledge: Knowledge, embed: Embedder
) -> None:
    [article] = knowledge.articles("acme", 1)
    knowledge.run(embed, "acme")
    before = knowledge.vectors("acme")
    knowledge.edit("acme", article, body="Something else altogether.")
    embed_under(locked(knowledge.database, [article]), embed, "acme")
    assert knowledge.vectors("acme") == before
    knowledge.make_due("acme")
    knowledge.run(embed, "acme")
    assert knowledge.vectors("acme") != before


@pytest.mark.parametrize(
    ("edit", "inputs"),
    [
        ("UPDATE articles SET body = 'Another body.' WHERE id = %s", 2),
        ("UPDATE articles SET category = 'decision' WHERE id = %s", 1),
    ],
    ids=["of its text", "of anything else"],
)
def test_an_article_whose_lock_ends_with_an_edit_is_due_at_once(
    edit: str, inputs: int, knowledge: Knowledge, loopback: LoopbackServer, embed: Embedder
) -> None:
    [article] = knowledge.articles("acme", 1)
    counts = embed_under(session(knowledge.database, edit, article), embed, "acme")["acme"]
    assert counts.waiting == 1
    knowledge.run(embed, "acme")
    assert knowledge.embedded("acme") == {"Article 0"}
    assert loopback.inputs == inputs


def test_a_vector_is_kept_until_it_is_written_and_no_longer(
    knowledge: Knowledge, embed: Embedder
) -> None:
    articles = knowledge.articles("acme", 3)
    embed_under(locked(knowledge.database, articles[:2]), embed, "acme")
    assert kept(knowledge, "acme") == 2
    knowledge.make_due("acme")
    embed_under(locked(knowledge.database, articles[:1]), embed, "acme")
    assert kept(knowledge, "acme") == 1
    knowledge.make_due("acme")
    knowledge.run(embed, "acme")
    assert kept(knowledge, "acme") == 0
    assert len(knowledge.embedded("acme")) == 3


def test_an_unwritten_vector_that_no_run_has_needed_for_a_week_is_removed(
    knowledge: Knowledge, embed: Embedder
) -> None:
    [article] = knowledge.articles("acme", 1)
    embed_under(locked(knowledge.database, [article]), embed, "acme")
    knowledge.edit("acme", article, body="Another body.")
    knowledge.run(embed, "acme")
    assert kept(knowledge, "acme") == 1
    with knowledge.database.tenant_transaction(id_of("acme")) as connection:
        connection.execute(
            "UPDATE loopctl_pipelines.unwritten_vectors SET kept_at = kept_at - interval '8 days'"
        )
    knowledge.run(embed, "acme")
    assert kept(knowledge, "acme") == 0


def test_the_unwritten_vectors_of_a_deleted_tenant_are_removed(
    knowledge: Knowledge, embed: Embedder
) -> None:
    articles = knowledge.articles("acme", 2)
    embed_under(locked(knowledge.database, articles), embed, "acme")
    assert kept(knowledge, "acme") == 2
    with knowledge.database.operator_transaction() as connection:
        connection.execute("DELETE FROM articles")
        connection.execute("DELETE FROM tenants")
    forget_deleted_tenants(knowledge.database)
    assert kept(knowledge, "acme") == 0


def test_an_unwritten_vector_is_given_to_no_other_tenant(
    knowledge: Knowledge, embed: Embedder, loopback: LoopbackServer
) -> None:
    knowledge.tenant("blue")
    articles = [knowledge.article(slug, "The same title") for slug in ("acme", "blue")]
    embed_under(locked(knowledge.database, articles), embed, "acme")
    assert (kept(knowledge, "acme"), kept(knowledge, "blue")) == (1, 0)
    assert knowledge.run(embed, "blue").counts.embedded == 1
    assert loopback.inputs == 2


def test_a_locked_tenant_is_missing_in_the_ledger_and_nowhere_else(
    knowledge: Knowledge, embed: Embedder, caplog: pytest.LogCaptureFixture
) -> None:
    knowledge.articles("acme", 3)
    row = "SELECT FROM tenants WHERE id = %s FOR UPDATE"
    with caplog.at_level(logging.WARNING):
        counts = embed_under(session(knowledge.database, row, id_of("acme")), embed, "acme")
    assert counts["acme"].embedded == 3
    assert "missing in the ledger" in caplog.text
