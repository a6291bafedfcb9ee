"""Documents and reviews become articles of their tenant, and each text is paid for once."""

from uuid import UUID

import pytest

from loopctl_pipelines.knowledge.extraction.texts.identities import document_source_id
from loopctl_pipelines.llm.anthropic.tenant_settings import DEFAULT_MODEL
from loopctl_pipelines_tests.knowledge.extraction.answers import (
    answering,
    article,
    articles,
    titled_by_first_line,
)
from loopctl_pipelines_tests.knowledge.extraction.documents import KEY, Documents, extractor
from loopctl_pipelines_tests.usage import id_of

LONG = "\n".join(f"# Part {number}\n{'word ' * 900}" for number in range(6))
ARTICLE = (
    "SELECT title, status, project_id, source_type, source_id, metadata, idempotency_key"
    " FROM articles"
)
USAGE = "SELECT operation, input_tokens > 0, output_tokens > 0, source_type FROM llm_usage_events"
AUDITED = (
    "SELECT action, actor_label, entity_id, new_state FROM audit_log"
    " WHERE action LIKE 'knowledge.%'"
)


def test_a_document_becomes_drafts_with_usage_and_audit_row(documents: Documents) -> None:
    documents.tenant("acme")
    documents.document("acme", "hello")
    with (
        answering(lambda *_: articles("One", "Two")) as (server, _),
        extractor(documents.database, server.base_url) as extract,
    ):
        outcome = documents.run(extract, "acme")
    assert outcome.error is None
    assert (outcome.counts.documents, outcome.counts.articles) == (1, 2)
    prefix = "ingest:ce000d0f0d7f20de2dc85bd9db60ef2b9c79d131a725cc89a6c850591ede2265"
    source_id = UUID("d7914fe5-46b6-8468-8bb9-5f4f888a92df")
    metadata = {"extraction_source": "claude_content_extractor"}
    assert documents.rows("acme", f"{ARTICLE} ORDER BY 1") == [
        ("One", "draft", None, "ingestion", source_id, metadata, f"{prefix}:0"),
        ("Two", "draft", None, "ingestion", source_id, metadata, f"{prefix}:1"),
    ]
    assert documents.rows("acme", USAGE) == [("extraction", True, True, "ingestion")]
    [(action, label, entity, state)] = documents.rows("acme", AUDITED)
    assert (action, label, entity) == (
        "knowledge.content_ingested",
        "worker:content_ingestion",
        source_id,
    )
    assert (state["article_count"], state["status"]) == (2, "draft")
    assert documents.states("acme") == [("done", None, 0)]


def test_a_published_document_of_a_project_becomes_published_articles(
    documents: Documents,
) -> None:
    documents.tenant("acme")
    documents.document("acme", publish=True, project_id=id_of("acme", "p"))
    with (
        answering(lambda *_: articles("One")) as (server, _),
        extractor(documents.database, server.base_url) as extract,
    ):
        documents.run(extract, "acme")
    query = "SELECT status, project_id FROM articles"
    assert documents.rows("acme", query) == [("published", id_of("acme", "p"))]


def test_a_second_run_a_resubmission_and_a_second_project_pay_nothing(
    documents: Documents,
) -> None:
    documents.tenant("acme")
    documents.document("acme", LONG)
    with (
        answering(titled_by_first_line) as (server, _),
        extractor(documents.database, server.base_url) as extract,
    ):
        first = documents.run(extract, "acme")
        paid = server.requests
        documents.document("acme", LONG)
        again = documents.run(extract, "acme")
        documents.document("acme", LONG, project_id=id_of("acme", "p"))
        in_project = documents.run(extract, "acme")
        assert server.requests == paid == first.counts.chunks > 1
    assert (again.counts.articles, again.counts.known_articles) == (0, first.counts.articles)
    assert again.counts.known_chunks == again.counts.chunks
    assert in_project.counts.articles == first.counts.articles
    assert len(documents.rows("acme", USAGE)) == paid


def test_another_model_is_paid_for_anew_and_doubles_no_article(documents: Documents) -> None:
    documents.tenant("acme")
    documents.document("acme")
    with (
        answering(lambda *_: articles("One"), models=[DEFAULT_MODEL, "another"]) as (server, _),
        extractor(documents.database, server.base_url) as extract,
    ):
        documents.run(extract, "acme")
        documents.set_key("acme", KEY, model="another")
        assert documents.run(extract, "acme").counts.chunks == 0
        documents.document("acme")
        outcome = documents.run(extract, "acme")
        assert server.requests == 2
    assert (outcome.counts.articles, outcome.counts.known_articles) == (0, 1)
    assert documents.titles("acme") == ["One"]
    models = documents.rows("acme", "SELECT DISTINCT model FROM llm_usage_events ORDER BY 1")
    assert models == [("another",), (DEFAULT_MODEL,)]


def test_an_empty_result_is_paid_for_once(documents: Documents) -> None:
    documents.tenant("acme")
    with (
        answering(lambda *_: articles()) as (server, _),
        extractor(documents.database, server.base_url) as extract,
    ):
        for _ in range(2):
            documents.document("acme")
            outcome = documents.run(extract, "acme")
            assert (outcome.counts.documents, outcome.counts.articles) == (1, 0)
        assert server.requests == 1
    assert documents.rows("acme", AUDITED) == []


def test_a_title_that_exists_never_loses_the_other_articles(documents: Documents) -> None:
    documents.tenant("acme")
    for title in ("Taken", "Twice", "Twice (notes.md)"):
        documents.article("acme", title)
    documents.document("acme")
    with (
        answering(lambda *_: articles("One", "Taken", "Twice", "Two")) as (server, _),
        extractor(documents.database, server.base_url) as extract,
    ):
        documents.run(extract, "acme")
    made = documents.rows("acme", "SELECT title FROM articles WHERE source_id IS NOT NULL")
    assert {title for (title,) in made} == {"One", "Taken (notes.md)", "Twice (2)", "Two"}


def test_a_text_whose_articles_were_archived_before_is_extracted_again_for_nothing(
    documents: Documents,
) -> None:
    documents.tenant("acme")
    documents.document("acme")
    with (
        answering(lambda *_: articles("One")) as (server, _),
        extractor(documents.database, server.base_url) as extract,
    ):
        documents.run(extract, "acme")
        documents.execute("acme", "UPDATE articles SET status = 'archived'")
        documents.document("acme")
        outcome = documents.run(extract, "acme")
        assert server.requests == 1
    assert outcome.counts.articles == 1
    statuses = documents.rows("acme", "SELECT title, status FROM articles ORDER BY 2")
    assert statuses == [("One", "archived"), ("One", "draft")]


def test_a_review_becomes_drafts_of_its_storys_project(documents: Documents) -> None:
    documents.tenant("acme")
    review = documents.review("acme")
    documents.review("acme", summary=" \n")
    documents.review("acme", summary=None)
    with (
        answering(lambda *_: articles("One", "Two", "Three", "Four", "Five", "Six")) as (server, _),
        extractor(documents.database, server.base_url, review_slugs=["acme"]) as extract,
    ):
        outcome = documents.run(extract, "acme")
        documents.run(extract, "acme")
        assert server.requests == 1
    assert (outcome.counts.reviews, outcome.counts.articles, outcome.counts.dropped) == (1, 5, 1)
    rows = documents.rows("acme", f"{ARTICLE} ORDER BY idempotency_key")
    assert rows[0] == (
        "One",
        "draft",
        id_of("acme", "p"),
        "review_finding",
        review,
        {"extraction_source": "llm_review_extractor"},
        f"review:{review}:0",
    )
    [(action, label, entity, state)] = documents.rows("acme", AUDITED)
    assert (action, label, entity) == (
        "knowledge.articles_extracted",
        "worker:review_knowledge",
        review,
    )
    assert state["review_record_id"] == str(review)


def test_reviews_of_a_tenant_that_is_not_listed_are_left_alone(documents: Documents) -> None:
    documents.tenant("acme")
    documents.review("acme")
    with (
        answering(lambda *_: articles("One")) as (server, _),
        extractor(documents.database, server.base_url) as extract,
    ):
        assert documents.run(extract, "acme").error is None
        assert server.requests == 0


def test_reviews_are_refused_where_loopctl_extracts_them_too(documents: Documents) -> None:
    documents.tenant("acme", loopctl_extracts=True)
    documents.review("acme")
    documents.document("acme")
    with (
        answering(lambda *_: articles("One")) as (server, _),
        extractor(documents.database, server.base_url, review_slugs=["acme"]) as extract,
    ):
        outcome = documents.run(extract, "acme")
        assert server.requests == 1
    assert "knowledge_auto_extract" in str(outcome.error)
    assert documents.titles("acme") == ["One"]


def test_a_review_that_loopctl_has_extracted_is_not_paid_for_again(documents: Documents) -> None:
    documents.tenant("acme")
    documents.review("acme")
    documents.article("acme", "By loopctl")
    documents.execute(
        "acme",
        "UPDATE articles SET source_type = 'review_finding', source_id = review_records.id"
        " FROM review_records",
    )
    with (
        answering(lambda *_: articles("One")) as (server, _),
        extractor(documents.database, server.base_url, review_slugs=["acme"]) as extract,
    ):
        documents.run(extract, "acme")
        assert server.requests == 0


def test_a_document_of_another_tenants_project_is_refused_unpaid(documents: Documents) -> None:
    documents.tenant("acme")
    documents.tenant("globex")
    documents.document("acme", project_id=id_of("globex", "p"))
    with (
        answering(lambda *_: articles("One")) as (server, _),
        extractor(documents.database, server.base_url) as extract,
    ):
        documents.run(extract, "acme")
        assert server.requests == 0
    assert documents.states("acme") == [("failed", "unknown_project", 1)]


def test_two_tenants_with_the_same_document_pay_and_keep_their_own(documents: Documents) -> None:
    for slug in ("acme", "globex"):
        documents.tenant(slug)
        documents.document(slug, "hello")
    with (
        answering(lambda *_: articles("One")) as (server, _),
        extractor(documents.database, server.base_url) as extract,
    ):
        documents.run(extract, "acme", "globex")
        assert server.requests == 2
    source_id = document_source_id(
        "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
    )
    for slug in ("acme", "globex"):
        rows = documents.rows(slug, "SELECT tenant_id, source_id FROM articles")
        assert rows == [(id_of(slug), source_id)]


def test_a_document_beyond_125_chunks_is_cut_and_says_so(documents: Documents) -> None:
    documents.tenant("acme")
    documents.document("acme", "".join(f"{number:08}" for number in range(127_000)))
    with (
        answering(lambda *_: articles()) as (server, _),
        extractor(documents.database, server.base_url) as extract,
    ):
        outcome = documents.run(extract, "acme")
    assert (outcome.counts.chunks, outcome.counts.cut_chunks) == (125, 2)
    query = "SELECT chunks, chunks_cut FROM loopctl_pipelines.ingestion_requests"
    assert documents.rows("acme", query) == [(125, 2)]


@pytest.mark.parametrize("title", ["A\u0000 title", "300 " + "e\u0301" * 248, "'; DROP TABLE"])
def test_any_title_that_is_kept_can_be_stored(documents: Documents, title: str) -> None:
    documents.tenant("acme")
    documents.document("acme")
    with (
        answering(lambda *_: {"articles": [article(title)]}) as (server, _),
        extractor(documents.database, server.base_url) as extract,
    ):
        documents.run(extract, "acme")
    assert documents.titles("acme") == [title.replace("\0", "")]
