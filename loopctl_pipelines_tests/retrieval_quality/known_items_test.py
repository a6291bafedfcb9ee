"""The queries: each has one right answer, and none changes sides."""

import gzip
import json
from pathlib import Path

import pytest

from retrieval_quality.known_items import Half, Kind, KnownItem, known_items, read_questions
from retrieval_quality.proposals import Proposal, abstract_sentence, read_proposals

ABSTRACT = """
Abstract
========

See :pep:`8`, which is short.  This ``one`` sentence has *exactly* nine
words, as wanted [1]_.

* No sentence of a list is ever taken, however long it may be.

Tools e.g. `Black <https://example.org>`_ and others have agreed on this one. (No.)

Motivation
==========

This sentence is long enough but it is not of the abstract.
"""


def _proposal(number: int, title: str = "A title", body: str = ABSTRACT) -> Proposal:
    return Proposal(number, title, body)


def test_the_number_decides_which_sentence_of_the_abstract_is_taken() -> None:
    first = "This one sentence has exactly nine words, as wanted."
    second = "Tools e.g. Black and others have agreed on this one. (No.)"
    taken = [abstract_sentence(_proposal(number)) for number in (2, 3, 4)]
    assert taken == [first, second, first]


@pytest.mark.parametrize(
    "body", ["No heading here, however many words there are in it.", "Abstract\n===\n\nToo short."]
)
def test_a_proposal_without_a_usable_sentence_has_none(body: str) -> None:
    assert abstract_sentence(_proposal(1, body=body)) is None


def test_a_role_becomes_what_is_read_on_the_page() -> None:
    body = "Abstract\n===\n\nThis replaces what :pep:`8` says of :func:`len <x>` and its arguments."
    said = "This replaces what PEP 8 says of len and its arguments."
    assert abstract_sentence(_proposal(1, body=body)) == said


def test_proposals_that_share_a_title_are_not_asked_for() -> None:
    proposals = [_proposal(2, "Super"), _proposal(4, "Super"), _proposal(6, "Path", "")]
    items = known_items(proposals, [], Half.HELD_OUT)
    assert items == [KnownItem(Kind.TITLE, "Path", 6)]


def test_proposals_with_even_numbers_are_held_out() -> None:
    proposals = [_proposal(number, f"Title {number}") for number in range(10)]
    questions = [KnownItem(Kind.QUESTION, "Why?", number) for number in range(10)]
    halves = {half: known_items(proposals, questions, half) for half in Half}
    assert {item.number for item in halves[Half.HELD_OUT]} == {0, 2, 4, 6, 8}
    assert {item.number for item in halves[Half.TUNING]} == {1, 3, 5, 7, 9}
    assert [len(items) for items in halves.values()] == [15, 15]


def test_a_file_of_proposals_is_read(tmp_path: Path) -> None:
    file = tmp_path / "articles.jsonl.gz"
    with gzip.open(file, "wt", encoding="utf-8") as lines:
        row = {"id": "pep-0008", "title": "Style", "body": "Text", "status": "Active"}
        lines.write(json.dumps(row) + "\n")
    assert read_proposals(file) == [Proposal(8, "Style", "Text")]
    assert read_proposals(file)[0].article_title == "PEP 8: Style"


def test_questions_are_many_different_and_short_enough() -> None:
    questions = read_questions()
    assert len({item.text for item in questions}) == len(questions) >= 200
    assert len({item.number for item in questions}) == len(questions)
    assert all(len(item.text.split()) > 3 and len(item.text) < 200 for item in questions)
    for half in Half:
        assert sum(item.half is half for item in questions) >= 80


def test_each_question_asks_for_a_proposal_and_repeats_no_title(shared_folder: Path) -> None:
    proposals = read_proposals(shared_folder / "data" / "articles_r1.jsonl.gz")
    titles = {proposal.number: proposal.title for proposal in proposals}
    shared = {t for t in titles.values() if list(titles.values()).count(t) > 1}
    for item in read_questions():
        title = titles[item.number]
        assert title not in shared
        assert title.lower() not in item.text.lower()


def test_the_queries_of_both_halves_are_those_that_were_fixed(shared_folder: Path) -> None:
    proposals = read_proposals(shared_folder / "data" / "articles_r1.jsonl.gz")
    counts = {
        half: [
            sum(item.kind is kind for item in known_items(proposals, read_questions(), half))
            for kind in Kind
        ]
        for half in Half
    }
    assert counts == {Half.HELD_OUT: [332, 307, 140], Half.TUNING: [331, 307, 99]}
