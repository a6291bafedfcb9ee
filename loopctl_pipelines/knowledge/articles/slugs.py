"""Slugs of articles, in loopctl's form. Pure."""

import re
from hashlib import sha256

_NOT_IN_A_SLUG = re.compile(r"[^a-z0-9\s-]")
_BETWEEN_WORDS = re.compile(r"[\s-]+")
_SLUG_CHARACTERS = 56


def slug(title: str, identity: str) -> str:
    """Return an article's slug: its title in `[a-z0-9-]`, and six hex digits.

    Args:
        title: of the article.
        identity: what tells the article from others of that title; the digits are made from both.
    """
    words = _BETWEEN_WORDS.sub("-", _NOT_IN_A_SLUG.sub("", title.lower().strip()))
    digits = sha256(identity.encode() + title.encode()).hexdigest()[:6]
    return f"{words[:_SLUG_CHARACTERS]}-{digits}".lstrip("-")
