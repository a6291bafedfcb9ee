"""Words that never occur by chance, and a search for any six of their characters."""

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
    """Return a word such as QXZJV~WQZXJ~..., determined by the seed."""
    drawn = random.Random(seed)
    return "~".join("".join(drawn.choices(_LETTERS, k=_GROUP)) for _ in range(groups))


@dataclass(frozen=True)
class Canaries:
    """Words that must not be found anywhere, by name.

    Attributes:
        words: the canaries; ends that a mask leaves visible count as found, too.
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
        """Return the names of canaries with a fragment in the text, ignoring case."""
        text = text.upper()
        found = {name for name, mask in self._masked.items() if mask.search(text)}
        for row in _ROW.findall(text):
            pieces = (row[start : start + FRAGMENT] for start in range(len(row) - FRAGMENT + 1))
            found |= {self._fragments[piece] for piece in pieces if piece in self._fragments}
        return found
