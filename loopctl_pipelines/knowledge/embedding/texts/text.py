"""The text of an article to embed, and the hashes that show whether it changed. Pure."""

import hashlib
import re
from collections.abc import Iterator
from itertools import islice

import regex

from loopctl_pipelines.llm.openai.limits import SMALL_MODEL, SMALL_MODEL_DIMENSION

# characters (Unicode code points): loopctl cuts at this length, too
TEXT_CHARACTERS = 32_000
DEFAULT_MODEL = SMALL_MODEL
DEFAULT_DIMENSION = SMALL_MODEL_DIMENSION

_SEPARATOR = "\n\n"
# JSON and PostgreSQL accept neither NUL nor half of a surrogate pair
_UNSENDABLE = re.compile("[\x00\ud800-\udfff]")
_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
_GRAPHEME = regex.compile(r"\X")
# characters per search: in a row of flags, each \X looks back to the start of the row
_WINDOW = 256


def article_text(title: str, body: str) -> str:
    """Return title, blank line and body, at most 32,000 characters, cut between two graphemes.

    NUL and lone surrogates become U+FFFD. The time does not depend on the length of the body.
    """
    seen = TEXT_CHARACTERS + 1  # one more, to know whether the cut is between graphemes
    head = (title[:seen] + _SEPARATOR + body[:seen])[:seen]
    return cut(_UNSENDABLE.sub(_REPLACEMENT, head), TEXT_CHARACTERS)


def cut(text: str, characters: int) -> str:
    """Return the longest start of `text` of at most `characters` that ends between two graphemes.

    A single grapheme that is longer is cut anyway: something must be embedded.
    """
    if len(text) <= characters:
        return text
    start = _known_boundary(text, characters)
    last = start
    for end in _grapheme_ends(text[: characters + 1], start):
        if end > characters:
            break
        last = end
    return text[: last or characters]


def _grapheme_ends(text: str, start: int) -> Iterator[int]:
    """Yield the end of each grapheme after `start`, which is a boundary between two graphemes.

    Nothing before a boundary affects what comes after it (UAX 29). So each window begins at one,
    and the time is linear in the text, not quadratic.
    """
    size = _WINDOW
    while start < len(text):
        ends = [found.end() for found in _GRAPHEME.finditer(text[start : start + size])]
        if start + size < len(text):
            ends.pop()  # the last one may continue after the window
        if not ends:
            size *= 2
            continue
        yield from (start + end for end in ends)
        start, size = start + ends[-1], _WINDOW


def _known_boundary(text: str, position: int) -> int:
    """Return the last index up to `position` between two ASCII characters other than CR LF.

    It is a boundary in any context (UAX 29), so the search may begin there.
    """
    for place in range(position, 0, -1):
        pair = text[place - 1 : place + 1]
        if pair.isascii() and pair != "\r\n":
            return place
    return 0


def content_hash(model: str, dimension: int, text: str) -> str:
    """Return the SHA-256 (lowercase hex) of model, dimension and text.

    The encoding starts with the model's length, so no two triples share one.
    """
    return _sha256(f"{len(model)}:{model}:{dimension}:{text}")


def legacy_hash(title: str, body: str) -> str:
    """Return the hash that loopctl stored: of the text's first 32,000 graphemes alone.

    It differs from a hash of `article_text` only beyond 32,000 characters, because loopctl counts
    a cluster such as CR LF or an emoji with its joiners as one.
    """
    text = title + _SEPARATOR + body
    if len(text) > TEXT_CHARACTERS:
        text = text[: _grapheme_end(text, TEXT_CHARACTERS)]
    return _sha256(_UNSENDABLE.sub(_REPLACEMENT, text))


def _grapheme_end(text: str, count: int) -> int:
    head = text[: count + 1]
    if head.isascii() and "\r\n" not in head:
        return count
    return next(islice(_grapheme_ends(text, 0), count - 1, None), len(text))


def is_embedded(stored: str | None, *, model: str, dimension: int, title: str, body: str) -> bool:
    """Tell whether the stored hash belongs to this content, model and dimension.

    loopctl's hash does not cover the model, so it counts only for loopctl's default model.
    """
    if stored is None:
        return False
    if stored == content_hash(model, dimension, article_text(title, body)):
        return True
    is_default = (model, dimension) == (DEFAULT_MODEL, DEFAULT_DIMENSION)
    return is_default and stored == legacy_hash(title, body)


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
