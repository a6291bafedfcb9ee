"""Words that occur nowhere by chance, and the search for any six characters of one."""

import random
import re
from dataclasses import dataclass, field

FRAGMENT = 6
# rare letters, so that six in a row are in no name and hardly in any base64 (7 in 10 billion places
# hold six of a given word); letters, so that no escaping changes them
_LETTERS = "QXZJVW"
_MASK = r"(?:[*.•]{2,}|…)"
_ROW = re.compile(rf"[{_LETTERS}]{{{FRAGMENT},}}")


def canary(seed: str, length: int = 40) -> str:
    """Return a word of rare letters, always the same for a seed."""
    return "".join(random.Random(seed).choices(_LETTERS, k=length))


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
            name: re.compile(rf"\b{word[:3]}\w*{_MASK}|{_MASK}\w*{word[-3:]}\b")
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
