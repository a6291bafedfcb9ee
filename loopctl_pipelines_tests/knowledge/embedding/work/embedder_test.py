"""Articles get their vectors: a real provider on loopback, a real PostgreSQL."""

import pytest

from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.knowledge.embedding.work.embedder import Embedder
from loopctl_pipelines.knowledge.embedding.work.run_settings import RunSettings
from loopctl_pipelines.knowledge.embedding.work.tenant_outcome import Counts
from loopctl_pipelines.knowledge.embedding.work.tenant_run import TenantRun
from loopctl_pipelines.knowledge.tenant_work.connection_slots import ConnectionSlots
from loopctl_pipelines.knowledge.tenant_work.tenant_session import TenantSession
from loopctl_pipelines.llm.fake.loopback import LoopbackServer
from loopctl_pipelines.tenants.operator_queries import list_tenants
from loopctl_pipelines_tests.knowledge.embedding.knowledge import CLOAK_KEY, Knowledge


@pytest.fixture
def knowledge(database: Database) -> Knowledge:
    knowledge = Knowledge(database)
    knowledge.tenant("acme")
    return knowledge


def test_published_articles_get_a_vector_in_one_request(
    knowledge: Knowledge, embed: Embedder, loopback: LoopbackServer
) -> None:
    knowledge.articles("acme", 3)
    knowledge.article("acme", "A draft", status="draft")
    outcome = knowledge.run(embed, "acme")
    assert outcome.error is None
    assert outcome.counts.embedded == 3
    assert knowledge.embedded("acme") == {"Article 0", "Article 1", "Article 2"}
    assert loopback.requests == 1


def test_an_embedded_article_is_not_pending_and_not_sent_again(
    knowledge: Knowledge, embed: Embedder, loopback: LoopbackServer
) -> None:
    knowledge.articles("acme", 3)
    knowledge.run(embed, "acme")
    assert knowledge.pending("acme") == set()
    assert knowledge.run(embed, "acme").counts == Counts()
    assert loopback.requests == 1


def test_an_edit_of_metadata_is_pending_once_and_never_sent(
    knowledge: Knowledge, embed: Embedder, loopback: LoopbackServer
) -> None:
    article = knowledge.article("acme", "One")
    knowledge.run(embed, "acme")
    knowledge.edit("acme", article, category="other")
    assert knowledge.pending("acme") == {"One"}
    assert knowledge.run(embed, "acme").counts == Counts(unchanged=1)
    assert knowledge.pending("acme") == set()
    assert loopback.requests == 1


def test_an_edited_article_gets_a_new_vector(
    knowledge: Knowledge, embed: Embedder, loopback: LoopbackServer
) -> None:
    article = knowledge.article("acme", "One")
    knowledge.run(embed, "acme")
    before = knowledge.vectors("acme")["One"]
    knowledge.edit("acme", article, body="Something else altogether.")
    assert knowledge.run(embed, "acme").counts.embedded == 1
    assert knowledge.vectors("acme")["One"] not in {before, None}
    assert loopback.inputs == 2


def test_equal_texts_are_sent_once_however_many_articles_have_them(
    knowledge: Knowledge, embed: Embedder, loopback: LoopbackServer
) -> None:
    knowledge.article("acme", "a", "b\n\nc")
    knowledge.article("acme", "a\n\nb", "c")
    assert knowledge.run(embed, "acme").counts == Counts(embedded=1, copied=1, requests=1, tokens=4)
    assert loopback.inputs == 1
    first, second = knowledge.vectors("acme").values()
    assert first == second


def test_the_vector_of_a_text_that_is_already_embedded_is_copied(
    knowledge: Knowledge, embed: Embedder, loopback: LoopbackServer
) -> None:
    knowledge.article("acme", "a", "b\n\nc")
    knowledge.run(embed, "acme")
    knowledge.article("acme", "a\n\nb", "c")
    assert knowledge.run(embed, "acme").counts == Counts(copied=1)
    assert loopback.inputs == 1
    first, second = knowledge.vectors("acme").values()
    assert first == second


def test_a_text_that_moved_to_another_article_keeps_its_vector(
    knowledge: Knowledge, embed: Embedder, loopback: LoopbackServer
) -> None:
    moved = knowledge.article("acme", "a", "b\n\nc")
    knowledge.run(embed, "acme")
    knowledge.edit("acme", moved, title="other", body="Another text.")
    knowledge.article("acme", "a\n\nb", "c")
    before = knowledge.vectors("acme")["other"]
    counts = knowledge.run(embed, "acme").counts
    assert (counts.copied, counts.embedded, loopback.inputs) == (1, 1, 2)
    assert knowledge.vectors("acme")["a\n\nb"] == before
    assert knowledge.vectors("acme")["other"] != before


def test_no_repr_shows_the_key_of_the_tenants_secrets(
    knowledge: Knowledge, embed: Embedder
) -> None:
    [tenant] = list_tenants(knowledge.database).values()
    session = TenantSession(knowledge.database, tenant, ConnectionSlots(1).for_tenant())
    settings = RunSettings(
        embed.provider, CLOAK_KEY, 1, lambda: False, lambda _slug, _articles: None
    )
    run = TenantRun(session, settings)
    assert "tenant=" in repr(run)
    assert repr(CLOAK_KEY) not in repr(run) + repr(embed)
