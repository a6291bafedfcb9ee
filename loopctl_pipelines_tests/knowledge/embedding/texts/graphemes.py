"""Grapheme clusters whose ends are known because they are built, not found."""

from hypothesis import strategies as st

CLUSTERS = (
    "a",
    " ",
    "\n",
    "\r\n",
    "ß",
    "漢",
    "e\N{COMBINING ACUTE ACCENT}",
    "o" + "\N{COMBINING DIAERESIS}" * 7,
    "\N{HANGUL CHOSEONG KIYEOK}\N{HANGUL JUNGSEONG A}\N{HANGUL JONGSEONG KIYEOK}",
    "\N{REGIONAL INDICATOR SYMBOL LETTER D}\N{REGIONAL INDICATOR SYMBOL LETTER E}",
    "\N{THUMBS UP SIGN}\N{EMOJI MODIFIER FITZPATRICK TYPE-5}",
    "\N{HEAVY BLACK HEART}\N{VARIATION SELECTOR-16}",
    "\N{ZERO WIDTH JOINER}".join("\N{MAN}\N{WOMAN}\N{GIRL}\N{BOY}"),
)
"""No cluster joins another one before or after it."""

FAMILY = CLUSTERS[-1]

clusters = st.lists(st.sampled_from(CLUSTERS), max_size=60)


def longest_start(parts: list[str], characters: int) -> str:
    """Return as many whole parts as fit into so many characters."""
    start = ""
    for part in parts:
        if len(start) + len(part) > characters:
            break
        start += part
    return start
