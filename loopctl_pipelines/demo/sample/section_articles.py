"""What the sample's imitation of a model finds in a text: an article for each section. Pure."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Final

_MARKED: Final = re.compile(r"<document mark=[^>]*>\n(.*)\n</document mark=[^>]*>", re.DOTALL)
_SECTION: Final = re.compile(r"^#{1,6} +(.+)$", re.MULTILINE)
_TERM: Final = re.compile(r"[a-z]{5,}")
_MOST_TAGS: Final = 3
_SHORTEST_SECTION: Final = 80
# the first one that is in the title or the body decides
_SIGNS: Final = (
    ("question", re.compile(r"\?$", re.MULTILINE)),
    ("playbook", re.compile(r"^1\. ", re.MULTILINE)),
    ("reference", re.compile(r"^\| ?-", re.MULTILINE)),
    ("decision", re.compile(r"\bwe (decided|chose)\b", re.IGNORECASE)),
    ("finding", re.compile(r"\b(measured|found|happened)\b")),
)


def section_articles(_tool: str, _system: str, message: str) -> Mapping[str, object]:
    """Return the tool's input: an article for each section with a text of its own.

    A text without headings is one article, titled by its first sentence.
    """
    marked = _MARKED.search(message)
    text = marked[1] if marked else message
    return {"articles": [_article(title, body) for title, body in _sections(text)]}


def _sections(text: str) -> Iterator[tuple[str, str]]:
    _, *parts = _SECTION.split(text)
    if not parts:
        body = text.split("\n\n", 1)[-1].strip()
        yield body.split(". ")[0].rstrip("."), body
    for title, body in zip(parts[::2], parts[1::2], strict=True):
        if len(body.strip()) >= _SHORTEST_SECTION:
            yield title.strip(), body.strip()


def _article(title: str, body: str) -> Mapping[str, object]:
    text = f"{title}\n{body}"
    category = next((name for name, sign in _SIGNS if sign.search(text)), "insight")
    terms = Counter(_TERM.findall(text.lower())).most_common(_MOST_TAGS)
    return {
        "title": title,
        "body": body,
        "category": category,
        "tags": [term for term, _ in terms],
    }
