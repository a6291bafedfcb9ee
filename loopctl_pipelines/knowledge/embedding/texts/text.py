"""What of an article is embedded, and the hashes that tell whether it changed. Pure."""

import hashlib
import re
from collections.abc import Iterator
from itertools import islice

import regex

from loopctl_pipelines.llm.openai.limits import SMALL_MODEL, SMALL_MODEL_DIMENSION

# characters (Unicode code points), after the existing system's cut
TEXT_CHARACTERS = 32_000
DEFAULT_MODEL = SMALL_MODEL
DEFAULT_DIMENSION = SMALL_MODEL_DIMENSION

_SEPARATOR = "\n\n"
# JSON and PostgreSQL carry neither NUL nor half of a surrogate pair
_UNSENDABLE = re.compile("[\x00\ud800-\udfff]")
_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
_GRAPHEME = regex.compile(r"\X")
# characters looked at in one go: within a row of flags, each \X looks back to the row's start
_WINDOW = 256


def article_text(title: str, body: str) -> str:
    """Return title, blank line and body, at most 32,000 characters, cut between two graphemes.

    NUL and lone surrogates become U+FFFD. The time does not grow with the body.
    """
    seen = TEXT_CHARACTERS + 1  # whether the cut is between graphemes depends on one character more
    head = (title[:seen] + _SEPARATOR + body[:seen])[:seen]
    return cut(_UNSENDABLE.sub(_REPLACEMENT, head), TEXT_CHARACTERS)


def cut(text: str, characters: int) -> str:
    """Return the longest start of `text` of at most `characters` that ends between two graphemes.

    A single grapheme longer than that is cut all the same: something must be embedded.
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
    """Yield where each grapheme ends, from `start`, which lies between two of them.

    Nothing before such a place matters to what comes after it (UAX 29), so that each window
    begins at one, and the time grows with the text and not with its square.
    """
    size = _WINDOW
    while start < len(text):
        ends = [found.end() for found in _GRAPHEME.finditer(text[start : start + size])]
        if start + size < len(text):
            ends.pop()  # the last one may go on behind the window
        if not ends:
            size *= 2
            continue
        yield from (start + end for end in ends)
        start, size = start + ends[-1], _WINDOW


def _known_boundary(text: str, position: int) -> int:
    """Return the last place up to `position` between two ASCII characters that are not CR LF.

    Such a place is a boundary in any context (UAX 29), so the search may begin there.
    """
    for place in range(position, 0, -1):
        pair = text[place - 1 : place + 1]
        if pair.isascii() and pair != "\r\n":
            return place
    return 0


def content_hash(model: str, dimension: int, text: str) -> str:
    """Return the SHA-256 (lowercase hex) of model, dimension and text.

    The model's length stands first, so that no two triples share an encoding.
    """
    return _sha256(f"{len(model)}:{model}:{dimension}:{text}")


def legacy_hash(title: str, body: str) -> str:
    """Return the hash the existing system stored: of the text's first 32,000 graphemes, alone.

    It differs from a hash of `article_text` only past 32,000 characters, where that system
    counted a cluster such as CR LF or an emoji with its joiners as one.
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
    """Tell whether the stored hash is that of this content, model and dimension.

    The existing system's hash names no model: it counts only for the one that system used unasked.
    """
    if stored is None:
        return False
    if stored == content_hash(model, dimension, article_text(title, body)):
        return True
    is_default = (model, dimension) == (DEFAULT_MODEL, DEFAULT_DIMENSION)
    return is_default and stored == legacy_hash(title, body)


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
