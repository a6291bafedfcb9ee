"""Text of others: what acts on a terminal becomes visible, everything else is unchanged."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopctl_pipelines.terminal_text import counted, shortened, visible, visible_lines
from loopctl_pipelines_tests.hostile_text import HOSTILE, acts_on_a_terminal


@pytest.mark.parametrize(("text", "shown"), HOSTILE.items())
def test_what_acts_on_a_terminal_is_shown_as_an_escape(text: str, shown: str) -> None:
    assert visible(text) == shown


@given(st.text(st.characters(exclude_categories=())))
def test_no_text_keeps_a_character_that_acts_on_a_terminal(text: str) -> None:
    assert not acts_on_a_terminal(visible(text))
    assert not acts_on_a_terminal(visible_lines(text).replace("\n", ""))
    assert visible_lines(text).count("\n") == text.count("\n")
    visible(text).encode()


@given(st.text(st.characters(exclude_categories=("C", "Zl", "Zp"))))
def test_printable_text_is_unchanged(text: str) -> None:
    assert visible(text) == visible_lines(text) == text


@pytest.mark.parametrize("text", ["naïve", "日本語　テスト", "עברית", "👍🏽", "a\u00a0b", "\\x1b"])
def test_ordinary_text_of_any_script_is_unchanged(text: str) -> None:
    assert visible(text) == unicodedata.normalize("NFC", text) == text


@given(st.text(st.characters(exclude_categories=())), st.integers(2, 20))
def test_shortened_text_is_visible_and_short(text: str, most: int) -> None:
    assert not acts_on_a_terminal(shortened(text, most))
    assert len(shortened(text, most)) <= most
    assert len(visible(text)) > most or shortened(text, most) == visible(text)


@pytest.mark.parametrize(
    ("count", "noun", "text"),
    [(0, "run", "0 runs"), (1, "story", "1 story"), (1200, "story", "1,200 stories")],
)
def test_a_noun_is_singular_after_one_only(count: int, noun: str, text: str) -> None:
    assert counted(count, noun) == text
