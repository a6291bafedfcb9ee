"""Lexical vectors measure how many words two texts share."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopctl_pipelines.llm.fake.lexical import lexical_vector

DIMENSION = 1_536
VIRTUAL = "Creation of virtual environments. A virtual environment isolates installed packages."
ISOLATED = "Packages installed into an isolated environment, virtual or not, are not shared."
MATCHING = "Structural pattern matching: a match statement compares a subject with case blocks."


def _similarity(one: str, other: str) -> float:
    return float(lexical_vector(one, DIMENSION) @ lexical_vector(other, DIMENSION))


@given(st.text(st.characters()), st.integers(1, 2_000))
def test_every_text_has_a_vector_of_length_one(text: str, dimension: int) -> None:
    vector = lexical_vector(text, dimension)
    assert (vector.shape, vector.dtype) == ((dimension,), np.dtype(np.float32))
    assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-6)


# a text of short words only has no terms, and is one itself
@given(st.lists(st.sampled_from([w for w in VIRTUAL.split() if len(w) > 4]), min_size=1))
def test_the_same_words_in_another_order_are_the_same_vector(words: list[str]) -> None:
    assert _similarity(" ".join(words), " ".join(reversed(words))) == pytest.approx(1, abs=1e-6)


def test_texts_that_share_words_are_nearer_than_texts_that_do_not() -> None:
    assert _similarity(VIRTUAL, ISOLATED) > 0.4
    assert abs(_similarity(VIRTUAL, MATCHING)) < 0.1


def test_case_and_short_words_do_not_matter() -> None:
    assert _similarity("Virtual environment", "the VIRTUAL environment is on") == pytest.approx(1)


def test_a_word_is_the_same_in_every_process() -> None:
    # CRC-32 of "virtual" is 0x30b83db7: odd, hence negative, at half of it
    assert lexical_vector("virtual", DIMENSION)[0x30B83DB7 // 2 % DIMENSION] == -1
