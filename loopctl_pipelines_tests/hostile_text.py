"""Text that a tenant can write, and that a terminal would act on."""

import unicodedata
from typing import Final

HOSTILE: Final = {
    "a\x1b[2Jb": r"a\x1b[2Jb",
    "\x1b]52;c;Zm9v\x07": r"\x1b]52;c;Zm9v\x07",
    "\x9b31m": r"\x9b31m",
    "\u202etxt.exe": r"\u202etxt.exe",
    "\u2066a\u2069": r"\u2066a\u2069",
    "\u200fa\u200e": r"\u200fa\u200e",
    "a\nb\r\tc": r"a\nb\r\tc",
    "a\u2028b\u2029c\x85d": r"a\u2028b\u2029c\x85d",
    "a\u200bb\ufeffc\u00add": r"a\u200bb\ufeffc\xadd",
    "a\x08b\x7fc\x00": r"a\x08b\x7fc\x00",
    "\ud800a\udc9b": r"\ud800a\udc9b",
    "\U000e0041": r"\U000e0041",
    "[/x]": "[/x]",
    "[red]a[/red] :smile:": "[red]a[/red] :smile:",
}
"""How each text is shown."""

STORABLE: Final = {
    text: shown
    for text, shown in HOSTILE.items()
    if "\x00" not in text and not any(unicodedata.category(c) == "Cs" for c in text)
}
"""Those that PostgreSQL stores."""

_DIRECTION: Final = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}


def acts_on_a_terminal(text: str) -> bool:
    """Return whether a character is a control, breaks the line or turns the direction."""
    return any(
        unicodedata.category(c) in {"Cc", "Cs", "Zl", "Zp"}
        or unicodedata.bidirectional(c) in _DIRECTION
        or c in "\u200b\u200e\u200f\u061c\ufeff\u2060"
        for c in text
    )
