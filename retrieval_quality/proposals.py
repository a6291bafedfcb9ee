"""Python Enhancement Proposals as articles, and sentences of their abstracts."""

import gzip
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_ABSTRACT: Final = re.compile(
    r"^Abstract\n[=-]{3,}\n(?P<text>.*?)(?=^\S[^\n]*\n[=~^*-]{3,}$|\Z)", re.MULTILINE | re.DOTALL
)
_PARAGRAPHS: Final = re.compile(r"\n\s*\n")
_NO_PROSE: Final = re.compile(r"\s|\.\. |[*+#|>-]|\d+[.)] |\(")
_SENTENCES: Final = re.compile(r"(?<=[.!?])(?<!e\.g\.)(?<!i\.e\.)\s+(?=[A-Z])")
_MARKUP: Final = (
    (re.compile(r"\s*\[[\w#*]+\]_"), ""),  # footnotes
    (re.compile(r":pep:`(\d+)`"), r"PEP \1"),
    (re.compile(r":[\w:+-]+:`([^`<]+?)(?:\s*<[^`>]*>)?`"), r"\1"),  # roles
    (re.compile(r"`([^`<]+?)\s*<[^`>]*>`_{1,2}"), r"\1"),  # links
    (re.compile(r"``(.+?)``"), r"\1"),  # code
    (re.compile(r"`([^`]+)`_{0,2}"), r"\1"),  # names
    (re.compile(r"(?<!\w)(\*{1,2})(\S|\S.*?\S)\1(?!\w)"), r"\2"),  # stress
)
_FEWEST_WORDS, _MOST_WORDS = 8, 60


@dataclass(frozen=True, slots=True)
class Proposal:
    """A proposal.

    Attributes:
        number: of the proposal.
        title: without the number.
        body: reStructuredText without the headers.
    """

    number: int
    title: str
    body: str

    @property
    def article_title(self) -> str:
        """The title of its article: unique, which proposals' own titles are not."""
        return f"PEP {self.number}: {self.title}"


def read_proposals(file: Path) -> list[Proposal]:
    """Return the proposals of a gzip file of JSON lines with id (`pep-0008`), title and body."""
    with gzip.open(file, "rt", encoding="utf-8") as lines:
        read = [json.loads(line) for line in lines]
    return [
        Proposal(int(row["id"].removeprefix("pep-")), row["title"], row["body"]) for row in read
    ]


def abstract_sentence(proposal: Proposal) -> str | None:
    """Return a sentence of the abstract without markup; None: it has none of 8 to 60 words.

    The number of the proposal decides which, so that not all are first sentences.
    """
    found = _ABSTRACT.search(proposal.body)
    if found is None:
        return None
    sentences = [
        sentence
        for paragraph in _PARAGRAPHS.split(found["text"].strip("\n"))
        if not _NO_PROSE.match(paragraph)
        for sentence in _SENTENCES.split(_plain(paragraph))
        if _FEWEST_WORDS <= len(sentence.split()) <= _MOST_WORDS
    ]
    return sentences[proposal.number % len(sentences)] if sentences else None


def _plain(paragraph: str) -> str:
    text = " ".join(paragraph.split())
    for markup, replacement in _MARKUP:
        text = markup.sub(replacement, text)
    return text
