"""Tenants' text in messages, which targets may read as Markdown, HTML or other markup. Pure."""

import re
from typing import Final

from loopctl_pipelines.terminal_text import shortened

# what begins a link, a mention, emphasis, code, a tag or an entity, and its wide look-alike
_MARKUP: Final = {ord(char): chr(ord(char) + 0xFEE0) for char in "*~`|<>[]()#@&\\!$^{}\"'"}
# an underscore within a word is none; at its edge it is emphasis
_EDGE: Final = re.compile(r"(?<![^\W_])_|_(?![^\W_])")
_SCHEME: Final = re.compile(r":(?=//)")
# chats make links of bare host names: `evil.example`, but not `4.5`
_HOST: Final = re.compile(r"(?<=[^\W\d_])\.(?=[^\W\d_])")


def plain_text(text: str, most: int) -> str:
    """Return the text in one line without anything that a target reads as markup.

    Such characters become wide look-alikes, so that a person still reads the same; what would act
    on a terminal becomes an escape.

    Args:
        text: what a tenant wrote.
        most: how many characters are kept.
    """
    shown = _EDGE.sub("\uff3f", shortened(text, most).translate(_MARKUP))
    return _HOST.sub("\u2024", _SCHEME.sub("\uff1a", shown))
