"""Queries whose one right answer is known, and the half of them that judges. Pure but for files."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from retrieval_quality.proposals import Proposal, abstract_sentence

QUESTIONS: Final = Path(__file__).parent / "questions.tsv"
_MOST_CHARACTERS: Final = 500  # of a query of the route


class Kind(StrEnum):
    """What a query is."""

    TITLE = "title"
    ABSTRACT = "sentence of the abstract"
    QUESTION = "question in other words"


class Half(StrEnum):
    """Which half of the queries: those of proposals with even numbers are held out."""

    HELD_OUT = "held-out"
    TUNING = "tuning"


@dataclass(frozen=True, slots=True)
class KnownItem:
    """A query and the proposal that answers it."""

    kind: Kind
    text: str
    number: int

    @property
    def half(self) -> Half:
        """The half it belongs to."""
        return Half.TUNING if self.number % 2 else Half.HELD_OUT


def read_questions(file: Path = QUESTIONS) -> list[KnownItem]:
    """Return the questions: a line has the number of a proposal, a tab and the question."""
    lines = file.read_text(encoding="utf-8").splitlines()
    split = (line.split("\t") for line in lines)
    return [KnownItem(Kind.QUESTION, text, int(number)) for number, text in split]


def known_items(
    proposals: Sequence[Proposal], questions: Iterable[KnownItem], half: Half
) -> list[KnownItem]:
    """Return the queries of a half. A proposal that shares its title is not asked for."""
    titles = Counter(proposal.title for proposal in proposals)
    asked_for = [proposal for proposal in proposals if titles[proposal.title] == 1]
    items = [KnownItem(Kind.TITLE, proposal.title, proposal.number) for proposal in asked_for]
    for proposal in asked_for:
        sentence = abstract_sentence(proposal)
        if sentence is not None and len(sentence) <= _MOST_CHARACTERS:
            items.append(KnownItem(Kind.ABSTRACT, sentence, proposal.number))
    items.extend(questions)
    return [item for item in items if item.half is half]
