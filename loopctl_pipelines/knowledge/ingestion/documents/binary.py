"""Names what is not text by its first bytes. Pure."""

from typing import Final

_SIGNATURES: Final = {
    b"%PDF-": "a PDF document",
    b"PK\x03\x04": "a ZIP archive or an office document",
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1": "an office document",
    b"\x89PNG\r\n": "a PNG image",
    b"\xff\xd8\xff": "a JPEG image",
    b"GIF87a": "a GIF image",
    b"GIF89a": "a GIF image",
    b"\x1f\x8b": "a gzip archive",
    b"7z\xbc\xaf\x27\x1c": "a 7z archive",
    b"\x7fELF": "a program",
}
_BEGINNING_BYTES: Final = 8_192
_UTF_16: Final = (b"\xff\xfe", b"\xfe\xff")


def binary_kind(body: bytes) -> str | None:
    """Return what a document is instead of text, such as "a PDF document"; None: it may be text."""
    for signature, kind in _SIGNATURES.items():
        if body.startswith(signature):
            return kind
    if b"\0" in body[:_BEGINNING_BYTES] and not body.startswith(_UTF_16):
        return "a binary file"
    return None
