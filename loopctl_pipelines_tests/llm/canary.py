"""Words that occur nowhere by chance, and the search for any six characters of one."""

import random
import re
from dataclasses import dataclass, field

FRAGMENT = 6
# a tilde among any six characters rules out base64, hexadecimal and every name; nothing escapes it
_LETTERS = "QXZJVW"
_GROUP = 5
_ROW = re.compile(rf"[{_LETTERS}~]{{{FRAGMENT},}}")
_MASK = r"(?:[*.•]{2,}|…)"


def canary(seed: str, groups: int = 7) -> str:
    """Return a word such as QXZJV~WQZXJ~..., always the same for a seed."""
    drawn = random.Random(seed)
    return "~".join("".join(drawn.choices(_LETTERS, k=_GROUP)) for _ in range(groups))


@dataclass(frozen=True)
class Canaries:
    """What must not be found, by name, and how it is looked for.

    Attributes:
        words: the canaries; what a mask leaves of their ends counts as found, too.
    """

    words: dict[str, str]
    _fragments: dict[str, str] = field(init=False, repr=False)
    _masked: dict[str, re.Pattern[str]] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        fragments = {
            word[start : start + FRAGMENT]: name
            for name, word in self.words.items()
            for start in range(len(word) - FRAGMENT + 1)
        }
        masked = {
            name: re.compile(
                rf"(?<![A-Z~]){word[:3]}[\w~]*{_MASK}|{_MASK}[\w~]*{word[-3:]}(?![A-Z~])"
            )
            for name, word in self.words.items()
        }
        object.__setattr__(self, "_fragments", fragments)
        object.__setattr__(self, "_masked", masked)

    def found_in(self, text: str) -> set[str]:
        """Return the names of the canaries of which a piece is in the text, in any case."""
        text = text.upper()
        found = {name for name, mask in self._masked.items() if mask.search(text)}
        for row in _ROW.findall(text):
            pieces = (row[start : start + FRAGMENT] for start in range(len(row) - FRAGMENT + 1))
            found |= {self._fragments[piece] for piece in pieces if piece in self._fragments}
        return found
