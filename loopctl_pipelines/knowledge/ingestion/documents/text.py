"""The one rule for the characters of a document, however it came. Pure."""

import re

# PostgreSQL stores no NUL, and half a character has no UTF-8
_INVALID = re.compile("[\x00\ud800-\udfff]")


def is_valid_text(text: str) -> bool:
    """Return whether the text has no NUL and no lone surrogate. It is refused, never repaired."""
    return _INVALID.search(text) is None
