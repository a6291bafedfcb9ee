"""Documents that were handed in by their address are fetched, kept, and fetched once."""

from contextlib import ExitStack

import pytest

from loopctl_pipelines.knowledge.ingestion.submission.request import validate_request
from loopctl_pipelines.knowledge.ingestion.submission.submit import submit
from loopctl_pipelines_tests.knowledge.extraction.answers import (
    ToolInput,
    answering,
    articles,
    titled_by_first_line,
)
from loopctl_pipelines_tests.knowledge.extraction.documents import (
    CLOAK_KEY,
    Documents,
    extractor,
)
from loopctl_pipelines_tests.knowledge.ingestion.fetching.web import Web, page, status
from loopctl_pipelines_tests.usage import id_of

STORED = "SELECT url, encrypted_address, content FROM loopctl_pipelines.ingestion_requests"
PAGE = page(b"<h1>A finding</h1><p>text</p>", "text/html")


def hand_in(documents: Documents, url: str) -> None:
    with documents.database.tenant_transaction(id_of("acme")) as connection:
        request = validate_request(ports=(80, 443), url=url)
        submit(connection, id_of("acme"), request, CLOAK_KEY)


def test_a_page_is_fetched_once_with_its_query_and_kept_without_it(
    documents: Documents,
) -> None:
    documents.tenant("acme")
    hand_in(documents, "http://docs.example/a?token=secret")
    web = Web({"/a?token=secret": PAGE})
    broken = True

    def reply(tool: str, system: str, message: str) -> ToolInput:
        return {} if broken else titled_by_first_line(tool, system, message)

    with ExitStack() as opened:
        server, _ = opened.enter_context(answering(reply))
        fetcher = opened.enter_context(web.fetcher())
        extract = opened.enter_context(
            extractor(documents.database, server.base_url, fetcher=fetcher)
        )
        documents.run(extract, "acme")
        broken = False
        documents.make_due("acme")
        documents.run(extract, "acme")
    assert len(web.requests) == 1
    assert documents.titles("acme") == ["A finding"]
    [(url, encrypted, content)] = documents.rows("acme", STORED)
    assert (url, encrypted) == ("http://docs.example/a", None)
    assert content == "# A finding\n\ntext\n"
    audited = documents.rows("acme", "SELECT new_state::text FROM audit_log")
    assert "secret" not in str(audited)


@pytest.mark.parametrize(
    ("path", "state"),
    [
        ("/none", ("failed", "http_status status=404", 1)),
        ("/busy", ("pending", "http_status status=503", 1)),
        ("/picture", ("failed", "unsupported_content", 1)),
    ],
)
def test_a_document_that_cannot_be_fetched_costs_no_request(
    documents: Documents, path: str, state: tuple[str, str, int]
) -> None:
    documents.tenant("acme")
    hand_in(documents, f"http://docs.example{path}")
    web = Web({"/none": status(404), "/busy": status(503), "/picture": page(b"PNG", "image/png")})
    with ExitStack() as opened:
        server, _ = opened.enter_context(answering(lambda *_: articles("One")))
        fetcher = opened.enter_context(web.fetcher())
        extract = opened.enter_context(
            extractor(documents.database, server.base_url, fetcher=fetcher)
        )
        outcome = documents.run(extract, "acme")
        assert server.requests == 0
    assert outcome.error is None
    assert documents.states("acme") == [state]


def test_a_document_fails_after_five_fetches(documents: Documents) -> None:
    documents.tenant("acme")
    hand_in(documents, "http://unknown.example/")
    with ExitStack() as opened:
        server, _ = opened.enter_context(answering(lambda *_: articles("One")))
        fetcher = opened.enter_context(Web({}).fetcher())
        extract = opened.enter_context(
            extractor(documents.database, server.base_url, fetcher=fetcher)
        )
        for _ in range(6):
            documents.run(extract, "acme")
            documents.make_due("acme")
    assert documents.states("acme") == [("failed", "name_not_found", 5)]
