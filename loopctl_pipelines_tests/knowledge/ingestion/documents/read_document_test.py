"""How bytes become text: content types and character sets."""

import pytest

from loopctl_pipelines.knowledge.ingestion.documents.read_document import (
    FetchedDocument,
    read_document,
)
from loopctl_pipelines.knowledge.ingestion.failures import DocumentFailure


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        ("für".encode(), "text/plain"),
        ("für".encode(), ""),
        ("für".encode("cp1252"), "text/plain; charset=ISO-8859-1"),
        ("für".encode("utf-16"), "text/plain"),
        ("für".encode("utf-8-sig"), "text/plain; charset=latin-1"),
        ("für".encode("utf-16-be"), 'text/markdown; charset="utf-16be"'),
    ],
)
def test_a_text_is_read_in_its_character_set(body: bytes, content_type: str) -> None:
    assert read_document(body, content_type) == FetchedDocument("für")


def test_a_page_may_name_its_character_set_itself() -> None:
    body = '<html><meta charset="windows-1251"><p>мир</p>'.encode("cp1251")
    assert read_document(body, "text/html") == FetchedDocument("мир\n")


def test_a_page_without_a_content_type_is_recognized() -> None:
    assert read_document(b" <!-- a --> <!DOCTYPE html><p>b") == FetchedDocument("b\n")
    assert read_document(b"Not <html>") == FetchedDocument("Not <html>")


@pytest.mark.parametrize(
    "content_type",
    [
        *("image/png", "audio/ogg", "video/mp4", "font/woff2", "application/pdf", "text/rtf"),
        *("application/octet-stream", "application/zip", "application/x-tar", "application/wasm"),
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ],
)
def test_a_binary_type_is_refused_whatever_its_bytes_are(content_type: str) -> None:
    assert read_document(b"text", content_type) is DocumentFailure.UNSUPPORTED_CONTENT


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"\xc3(", "text/plain"),
        (b"a\x00", "text/plain"),
        (b"+ADw-", "text/plain; charset=utf-7"),
        (b"61", "text/plain; charset=hex"),
        (b"a", "text/plain; charset=no-such-charset"),
        (b"\\ud800", "text/plain; charset=unicode_escape"),
    ],
)
def test_bytes_that_are_no_valid_text_are_refused(body: bytes, content_type: str) -> None:
    assert read_document(body, content_type) is DocumentFailure.INVALID_TEXT
