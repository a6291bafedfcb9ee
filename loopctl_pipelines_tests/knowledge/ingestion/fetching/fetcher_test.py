"""How a fetch ends, with each way a server can answer."""

import gzip
import logging
import ssl
import threading
import zlib
from http.server import BaseHTTPRequestHandler

import pytest
import trustme

from loopctl_pipelines.knowledge.ingestion.documents.read_document import FetchedDocument
from loopctl_pipelines.knowledge.ingestion.failures import DocumentFailure, FetchFailure
from loopctl_pipelines.knowledge.ingestion.fetching.fetcher import MOST_BYTES
from loopctl_pipelines_tests.knowledge.ingestion.fetching.web import (
    Answer,
    Web,
    page,
    redirect,
    status,
)

URL = "http://docs.example/"
BOMB = gzip.compress(b"a" * (MOST_BYTES + 1))


def fetched(answer: Answer, *, seconds: float = 60.0) -> FetchedDocument | FetchFailure:
    """Fetch from a server that gives this answer."""
    with Web({"/": answer}).fetcher(seconds=seconds) as fetcher:
        return fetcher.fetch(URL)


def test_a_page_becomes_markdown_and_a_text_stays_as_it_is() -> None:
    assert fetched(page(b"<h1>T</h1><p>a &amp; b", "text/html")) == FetchedDocument(
        "# T\n\na & b\n"
    )
    assert fetched(page(b"a <T> & b\n\n", "text/markdown")) == FetchedDocument("a <T> & b\n\n")


@pytest.mark.parametrize("encoding", ["gzip", "x-gzip", "deflate"])
def test_a_compressed_body_is_decompressed(encoding: str) -> None:
    body = zlib.compress(b"text") if encoding == "deflate" else gzip.compress(b"text")
    assert fetched(page(body, Content_Encoding=encoding)) == FetchedDocument("text")


def test_a_body_of_exactly_the_limit_is_read() -> None:
    assert fetched(page(b"a" * MOST_BYTES)) == FetchedDocument("a" * MOST_BYTES)


@pytest.mark.parametrize(
    ("answer", "failure"),
    [
        (page(b"a" * (MOST_BYTES + 1)), DocumentFailure.TOO_LARGE),
        (page(BOMB, Content_Encoding="gzip"), DocumentFailure.TOO_LARGE),
        (page(BOMB, Content_Encoding="gzip, gzip"), DocumentFailure.UNSUPPORTED_ENCODING),
        (page(b"", Content_Encoding="br"), DocumentFailure.UNSUPPORTED_ENCODING),
        (page(BOMB, "application/gzip"), DocumentFailure.UNSUPPORTED_CONTENT),
        (page(b"PK", "application/zip"), DocumentFailure.UNSUPPORTED_CONTENT),
        (page(b"%PDF", "application/pdf"), DocumentFailure.UNSUPPORTED_CONTENT),
        (page(BOMB, "text/plain"), DocumentFailure.INVALID_TEXT),
        (
            page(gzip.compress(gzip.compress(b"a")), Content_Encoding="gzip"),
            DocumentFailure.INVALID_TEXT,
        ),
        (page(b"no gzip", Content_Encoding="gzip"), DocumentFailure.BROKEN_ANSWER),
        (
            page(gzip.compress(b"ends early")[:-9], Content_Encoding="gzip"),
            DocumentFailure.BROKEN_ANSWER,
        ),
        (page(b"short", Content_Length="99"), DocumentFailure.BROKEN_ANSWER),
        (page(b"\xff\xfe\xfd" * 3, "text/plain; charset=utf-8"), DocumentFailure.INVALID_TEXT),
        (page(b"a\x00b"), DocumentFailure.INVALID_TEXT),
        (page(b" \n"), DocumentFailure.EMPTY_DOCUMENT),
        (page(b"<p>", "text/html"), DocumentFailure.EMPTY_DOCUMENT),
    ],
)
def test_a_document_that_cannot_be_read_is_a_code(answer: Answer, failure: DocumentFailure) -> None:
    assert fetched(answer) == FetchFailure(failure)


def test_a_body_over_the_limit_is_not_read_to_its_end() -> None:
    stopped = threading.Event()

    def endless(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.send_header("Content-Type", "text/plain")
        request.end_headers()
        try:
            while True:
                request.wfile.write(b"a" * 65_536)
        except OSError:
            stopped.set()

    assert fetched(endless) == FetchFailure(DocumentFailure.TOO_LARGE)
    assert stopped.wait(60)


@pytest.mark.parametrize(
    ("code", "is_worth_a_retry"),
    [(404, False), (401, False), (204, False), (429, True), (503, True)],
)
def test_another_status_is_a_failure_that_names_it(code: int, *, is_worth_a_retry: bool) -> None:
    failure = fetched(status(code))
    assert failure == FetchFailure(DocumentFailure.HTTP_STATUS, code)
    assert str(failure) == f"http_status status={code}"
    assert failure.is_worth_a_retry is is_worth_a_retry


def test_a_server_that_sends_a_byte_now_and_then_ends_at_the_deadline() -> None:
    ended = threading.Event()

    def drip(request: BaseHTTPRequestHandler) -> None:
        page(b"")(request)
        while not ended.wait(0.05):
            request.wfile.write(b"a")
            request.wfile.flush()

    try:
        failure = fetched(drip, seconds=0.5)
    finally:
        ended.set()
    assert failure == FetchFailure(DocumentFailure.TIMED_OUT)
    assert failure.is_worth_a_retry


def test_names_without_an_address_and_servers_that_do_not_answer_are_worth_a_retry() -> None:
    web = Web({})
    web.names["down.example"] = [["8.8.8.8"]]
    with web.fetcher() as fetcher:
        unknown, down = map(fetcher.fetch, ("http://unknown.example/", "http://down.example/"))
    assert unknown == FetchFailure(DocumentFailure.NAME_NOT_FOUND)
    assert down == FetchFailure(DocumentFailure.UNREACHABLE)
    assert unknown.is_worth_a_retry
    assert down.is_worth_a_retry


def _tls(authority: trustme.CA, name: str) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    server, client = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context()
    authority.issue_cert(name).configure_cert(server)
    authority.configure_trust(client)
    return server, client


def test_a_certificate_is_verified_for_the_name_and_not_for_the_address() -> None:
    server, client = _tls(trustme.CA(), "docs.example")
    web = Web({"/": page(b"secure")}, server)
    web.names["other.example"] = web.names["docs.example"]
    with web.fetcher(tls=client) as fetcher:
        right, wrong = map(fetcher.fetch, ("https://docs.example/", "https://other.example/"))
    assert right == FetchedDocument("secure")
    assert wrong == FetchFailure(DocumentFailure.CERTIFICATE_INVALID)
    assert [headers["Host"] for _, headers in web.requests] == ["docs.example"]


def test_a_redirect_that_ends_the_encryption_is_refused() -> None:
    server, client = _tls(trustme.CA(), "docs.example")
    with Web({"/": redirect(URL)}, server).fetcher(tls=client) as fetcher:
        failure = fetcher.fetch("https://docs.example/")
    assert failure == FetchFailure(DocumentFailure.REDIRECT_NOT_ALLOWED)


def test_the_environment_and_the_log_have_no_part_in_it(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    caplog.set_level(logging.DEBUG)
    web = Web({"/?token=secret": page(b"direct", Set_Cookie="a=b"), "/b": page(b"b")})
    with web.fetcher() as fetcher:
        assert fetcher.fetch(f"{URL}?token=secret") == FetchedDocument("direct")
        assert fetcher.fetch(f"{URL}b") == FetchedDocument("b")
    assert "secret" not in caplog.text
    assert all("Cookie" not in headers for _, headers in web.requests)
