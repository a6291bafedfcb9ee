"""Text that others wrote, made safe for a terminal, a log and a message."""

import re
from typing import Final

# controls, invisible and direction-changing characters, line separators, halves of characters
_UNSAFE: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f"
    "\ufeff\ufff9-\ufffb\U000e0000-\U000e007f\ud800-\udfff]"
)


def visible(text: str) -> str:
    r"""Return the text in one line, with what would act on a terminal as escapes such as `\x1b`.

    Escaped are control characters, line breaks included, characters that are invisible or change
    the direction of writing, and halves of characters. Everything else is unchanged.
    """
    return _UNSAFE.sub(_escape, text)


def visible_lines(text: str) -> str:
    """Return the text as `visible` does, but keep its line feeds: our own text of several lines."""
    return "\n".join(map(visible, text.split("\n")))


def shortened(text: str, most: int) -> str:
    """Return the text as `visible` does, cut to this number of characters."""
    safe = visible(text[: most + 1])
    return safe if len(safe) <= most else f"{safe[: most - 1]}\u2026"


def counted(count: int, noun: str) -> str:
    """Return `3 tenants`, `1 anomaly`, `0 stories`."""
    plural = f"{noun[:-1]}ies" if noun.endswith("y") else f"{noun}s"
    return f"{count:,} {noun if count == 1 else plural}"


def _escape(found: re.Match[str]) -> str:
    return found[0].encode("unicode_escape").decode("ascii")
