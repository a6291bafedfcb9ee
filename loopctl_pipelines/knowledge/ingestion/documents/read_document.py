"""A document's bytes become its text: content type, character set, Markdown. Pure."""

import codecs
import re
from dataclasses import dataclass
from email.message import Message
from typing import Final

from loopctl_pipelines.knowledge.ingestion.documents.markdown import html_to_markdown
from loopctl_pipelines.knowledge.ingestion.documents.text import is_valid_text
from loopctl_pipelines.knowledge.ingestion.failures import DocumentFailure

HTML_TYPES: Final = frozenset({"text/html", "application/xhtml+xml"})
_TEXT_TYPES = frozenset(
    f"application/{name}"
    for name in ("json", "xml", "yaml", "x-yaml", "toml", "javascript", "x-sh", "sql", "x-ndjson")
)
_NOT_TEXT = frozenset({"text/rtf"})
_LOOKS_LIKE_HTML = re.compile(rb"\s*(?:<!--.*?-->\s*)*<(?:!doctype html|html)[\s>]", re.IGNORECASE)
_META_CHARSET = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([\w-]{1,40})", re.IGNORECASE)
_HEAD_BYTES = 1_024
_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# by Python's names; others, such as utf-7, hide text from those who look at the bytes
_CHARSETS = frozenset(
    {
        *("ascii", "utf-8", "utf-16", "utf-16-le", "utf-16-be", "koi8-r", "koi8-u"),
        *("gbk", "gb2312", "gb18030", "big5", "big5hkscs", "euc_jp", "shift_jis", "cp932"),
        *("iso2022_jp", "euc_kr", "cp949", "cp866", "cp874"),
        *(f"iso8859-{part}" for part in range(1, 17)),
        *(f"cp{page}" for page in range(1250, 1259)),
    }
)


@dataclass(frozen=True, slots=True)
class FetchedDocument:
    """A document as text.

    Attributes:
        content: Markdown or plain text; not blank, without NUL and lone surrogates.
    """

    content: str


def is_supported(content_type: str) -> bool:
    """Return whether a document of this Content-Type is text. A missing one is looked into."""
    kind = _header(content_type).get_content_type() if content_type else "text/plain"
    return kind not in _NOT_TEXT and (
        kind.startswith("text/")
        or kind in HTML_TYPES | _TEXT_TYPES
        or (kind.startswith("application/") and kind.endswith(("+json", "+xml", "+yaml")))
    )


def read_document(body: bytes, content_type: str = "") -> FetchedDocument | DocumentFailure:
    """Return the document's text; HTML as Markdown, everything else untouched.

    Args:
        body: the whole document.
        content_type: the header of that name; empty: the document's beginning tells.
    """
    if not is_supported(content_type):
        return DocumentFailure.UNSUPPORTED_CONTENT
    header = _header(content_type)
    is_html = header.get_content_type() in HTML_TYPES
    if not content_type:
        is_html = _LOOKS_LIKE_HTML.match(body[:_HEAD_BYTES]) is not None
    text = _decoded(body, header.get_content_charset(), is_html=is_html)
    if text is None or not is_valid_text(text):
        return DocumentFailure.INVALID_TEXT
    content = html_to_markdown(text) if is_html else text
    if isinstance(content, DocumentFailure):
        return content
    if not content.strip():
        return DocumentFailure.EMPTY_DOCUMENT
    return FetchedDocument(content) if is_valid_text(content) else DocumentFailure.INVALID_TEXT


def _header(content_type: str) -> Message:
    header = Message()
    header["Content-Type"] = " ".join(content_type.split())
    return header


def _decoded(body: bytes, charset: str | None, *, is_html: bool) -> str | None:
    for mark, encoding in _BYTE_ORDER_MARKS:
        if body.startswith(mark):
            body, charset = body[len(mark) :], encoding
            break
    else:
        if charset is None and is_html and (found := _META_CHARSET.search(body[:_HEAD_BYTES])):
            # bytes in which this was read as ASCII are no UTF-16
            charset = found[1].decode("ascii", "replace")
            charset = "utf-8" if charset.lower().startswith("utf-16") else charset
    try:
        encoding = codecs.lookup(charset or "utf-8").name
        if encoding not in _CHARSETS:
            return None
        # web pages that declare ISO 8859-1 are written in Windows-1252, its superset
        return body.decode("cp1252" if encoding in {"iso8859-1", "ascii"} else encoding)
    except (LookupError, ValueError):
        return None
