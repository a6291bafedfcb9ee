"""What is not text is called by its name."""

import pytest

from loopctl_pipelines.knowledge.ingestion.documents.binary import binary_kind


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"%PDF-1.7\n1 0 obj", "a PDF document"),
        (b"PK\x03\x04\x14\x00", "a ZIP archive or an office document"),
        (b"\x89PNG\r\n\x1a\n\x00", "a PNG image"),
        (b"\x1f\x8b\x08", "a gzip archive"),
        (b"key\0value", "a binary file"),
    ],
)
def test_a_binary_document_has_a_name(body: bytes, kind: str) -> None:
    assert binary_kind(body) == kind


@pytest.mark.parametrize(
    "body",
    [b"", b"# A PDF document", b"PK is a short text", "text".encode("utf-16"), b"caf\xe9"],
)
def test_what_may_be_text_has_none(body: bytes) -> None:
    assert binary_kind(body) is None
