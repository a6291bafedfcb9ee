"""Texts of one document that are worked on at the same time do not get in each other's way."""

import threading
from datetime import datetime
from uuid import uuid4

from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.knowledge.extraction.storage.articles import new_articles, store
from loopctl_pipelines.knowledge.extraction.storage.rows import Made, Target, TextKey
from loopctl_pipelines.knowledge.extraction.texts.extracted import ExtractedArticle, Extraction
from loopctl_pipelines_tests.knowledge.extraction.answers import (
    answering,
    articles,
    titled_by_first_line,
)
from loopctl_pipelines_tests.knowledge.extraction.documents import KEY, Documents, extractor
from loopctl_pipelines_tests.llm import failing_provider as faults
from loopctl_pipelines_tests.llm.anthropic.wrong_messages import block
from loopctl_pipelines_tests.llm.failing_provider import Exchange, FailingProvider
from loopctl_pipelines_tests.usage import id_of

_TIMEOUT_SECONDS = 60.0


def section(heading: str) -> str:
    """Return a section that fills a chunk."""
    return f"# {heading}\n{'word ' * 1_500}\n"


def test_a_text_that_a_document_repeats_is_paid_for_once(documents: Documents) -> None:
    documents.tenant("acme")
    headings = ["First", *["Repeated"] * 8]
    documents.document("acme", "".join(map(section, headings)))
    with (
        answering(titled_by_first_line, latency_seconds=0.1) as (server, _),
        extractor(documents.database, server.base_url) as extract,
    ):
        assert documents.run(extract, "acme").error is None
        assert server.answers == 2
    assert documents.titles("acme") == ["First", "Repeated"]


def test_a_text_that_two_documents_share_is_paid_for_once(documents: Documents) -> None:
    documents.tenant("acme")
    for document in range(4):
        shared = "".join(map(section, ["First", "Second"]))
        documents.document("acme", shared + section(f"Of document {document}"))
    with (
        answering(titled_by_first_line, latency_seconds=0.2) as (server, _),
        extractor(documents.database, server.base_url) as extract,
    ):
        assert documents.run(extract, "acme").error is None
        assert server.answers == 6
    assert [state for state, *_ in documents.states("acme")] == ["done"] * 4


def test_the_next_document_begins_while_texts_of_the_one_before_are_under_way(
    documents: Documents,
) -> None:
    documents.tenant("acme")
    documents.document("acme", section("First"))
    documents.document("acme", section("Slow"))
    documents.document("acme", section("Last"))
    last_arrived, waited = threading.Event(), []

    def answer(exchange: Exchange) -> None:
        text = exchange.texts[-1]
        if "# Slow" in text:
            waited.append(last_arrived.wait(_TIMEOUT_SECONDS))
        if "# Last" in text:
            last_arrived.set()
        title = next(word for word in ("First", "Slow", "Last") if f"# {word}" in text)
        block(input=articles(title))(exchange)

    with (
        FailingProvider(answer) as server,
        extractor(documents.database, server.address, deadline_seconds=_TIMEOUT_SECONDS) as extract,
    ):
        assert documents.run(extract, "acme").error is None
    assert waited == [True]
    assert documents.titles("acme") == ["First", "Last", "Slow"]


def test_a_slow_text_does_not_hide_that_the_vendor_asks_for_a_pause(documents: Documents) -> None:
    documents.tenant("acme")
    documents.document("acme", "".join(section(str(number)) for number in range(60)))
    enough = threading.Event()
    arrived: list[str] = []

    def answer(exchange: Exchange) -> None:
        arrived.append(exchange.texts[-1])
        if len(arrived) == 1:
            block(input=articles("First"))(exchange)
        elif "\n# 1\n" in exchange.texts[-1]:
            # until every other text was tried, if nothing stops them
            enough.wait(2)
            faults.refusal(429)(exchange)
        else:
            faults.refusal(429)(exchange)
            if len(arrived) == 60:
                enough.set()

    with (
        FailingProvider(answer) as server,
        extractor(documents.database, server.address) as extract,
    ):
        assert documents.run(extract, "acme").error is None
    assert len(arrived) < 60
    assert KEY not in "".join(arrived)


def test_texts_with_the_same_titles_in_another_order_do_not_wait_in_a_circle(
    documents: Documents, database: Database
) -> None:
    documents.tenant("acme")
    target = Target(
        project_id=None,
        source_type="ingestion",
        source_id=uuid4(),
        status="published",
        source_name="notes.md",
        handed_in_at=datetime(2025, 1, 1),  # noqa: DTZ001 - loopctl's timestamps have no zone
        request_id=uuid4(),
        extraction_source="claude_content_extractor",
        audit_action="knowledge.content_ingested",
        audit_label="worker:content_ingestion",
        audited={},
    )
    titles = [f"Title {number}" for number in range(40)]
    deadlocks = []

    def write(place: int) -> None:
        ordered = titles if place % 2 else titles[::-1]
        made = Made(
            TextKey(f"{place:064}", "model", "1"),
            Extraction(
                articles=tuple(
                    ExtractedArticle(title=title, body="A body.", category="finding")
                    for title in ordered
                )
            ),
        )
        with database.tenant_transaction(id_of("acme")) as connection:
            store(connection, id_of("acme"), made, new_articles(made, f"key-{place}"), target)

    def attempt(place: int) -> None:
        try:
            write(place)
        except Exception as error:  # noqa: BLE001 - of a thread
            deadlocks.append(type(error).__name__)

    threads = [threading.Thread(target=attempt, args=(place,)) for place in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(_TIMEOUT_SECONDS)
    assert deadlocks == []
