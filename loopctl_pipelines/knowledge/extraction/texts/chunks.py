"""Cuts a document into chunks, at headings and paragraphs where possible: loopctl's rules. Pure."""

import re
from collections.abc import Iterator
from typing import Final

CHUNK_BYTES: Final = 8_000
"""The longest chunk, in bytes of UTF-8."""

_HEADING = re.compile(r"^(?=#{1,6} )", re.MULTILINE)
_CONTINUATION_BYTES = range(0b1000_0000, 0b1100_0000)  # of a character in UTF-8
_BLANK_LINES = re.compile(r"\n[ \t]*\n\s*")


def chunks(text: str) -> list[str]:
    """Return the parts of a text in their order, without overlap, each of at most `CHUNK_BYTES`.

    A part begins at a heading if sections fit, else at a paragraph, else after the last newline or
    blank of its last quarter, else anywhere between two characters. Parts without a visible
    character are left out.
    """
    if _size(text) <= CHUNK_BYTES:
        return [text] if text.strip() else []
    sections = [section for section in _HEADING.split(text) if section]
    return [part for part in _joined(_fitting_sections(sections), "\n") if part.strip()]


def _fitting_sections(sections: list[str]) -> Iterator[str]:
    for section in sections:
        if _size(section) <= CHUNK_BYTES:
            yield section
        else:
            paragraphs = _BLANK_LINES.split(section)
            yield from _joined(_fitting_paragraphs(paragraphs), "\n\n")


def _fitting_paragraphs(paragraphs: list[str]) -> Iterator[str]:
    for paragraph in paragraphs:
        yield from _cut(paragraph)


def _joined(parts: Iterator[str], separator: str) -> Iterator[str]:
    """Join neighbouring parts while they fit together."""
    pending: list[str] = []
    bytes_pending = 0
    for part in parts:
        size = _size(part)
        if pending and bytes_pending + len(separator) + size > CHUNK_BYTES:
            yield separator.join(pending)
            pending, bytes_pending = [], 0
        bytes_pending += size + (len(separator) if pending else 0)
        pending.append(part)
    if pending:
        yield separator.join(pending)


def _cut(paragraph: str) -> Iterator[str]:
    """Cut an oversized paragraph; white space at a cut is dropped."""
    rest = paragraph.encode()
    while len(rest) > CHUNK_BYTES:
        end = _end_of_part(rest)
        yield rest[:end].decode().rstrip()
        rest = rest[end:].lstrip()
    if rest:
        yield rest.decode()


def _end_of_part(text: bytes) -> int:
    """Return how many bytes of an oversized text make up its first part."""
    last_quarter = CHUNK_BYTES - CHUNK_BYTES // 4
    for separator in (b"\n", b" "):
        found = text.rfind(separator, last_quarter, CHUNK_BYTES)
        if found > 0:
            return found
    end = CHUNK_BYTES
    while text[end] in _CONTINUATION_BYTES:
        end -= 1
    return end


def _size(text: str) -> int:
    return len(text.encode())
