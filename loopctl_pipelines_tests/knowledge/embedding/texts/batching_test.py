"""Which texts share a request: each text is sent once, within the provider's limits."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopctl_pipelines.knowledge.embedding.texts.batching import batches
from loopctl_pipelines.knowledge.embedding.texts.text import article_text
from loopctl_pipelines.llm.openai.limits import ProviderLimits, token_bound, token_estimate
from loopctl_pipelines_tests.knowledge.embedding.texts.graphemes import FAMILY

LIMITS = ProviderLimits()
SMALL = ProviderLimits(inputs=3, request_tokens=40, input_tokens=20)
texts_of_any_script = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
many_texts = st.lists(texts_of_any_script, max_size=40)


def _estimate(text: str) -> int:
    """Return the estimate by its definition, character by character."""
    ascii_characters = sum(ord(character) < 128 for character in text)
    other_bytes = sum(len(character.encode()) for character in text if ord(character) >= 128)
    return other_bytes + -(-ascii_characters // 2)


def test_the_limits_are_those_of_openais_reference() -> None:
    assert (LIMITS.inputs, LIMITS.request_tokens, LIMITS.input_tokens) == (2_048, 300_000, 8_192)


@given(many_texts)
def test_each_text_is_sent_once(texts: list[str]) -> None:
    sent = list(itertools.chain.from_iterable(batches(texts, SMALL)))
    assert len(sent) == len(set(sent))
    assert set(sent) == set(texts)


@given(many_texts)
def test_no_request_exceeds_a_limit_unless_one_text_alone_does(texts: list[str]) -> None:
    for batch in batches(texts, SMALL):
        assert 0 < len(batch) <= SMALL.inputs
        assert sum(map(_estimate, batch)) <= SMALL.request_tokens or len(batch) == 1


@given(many_texts)
def test_no_request_had_room_for_the_next_text_of_its_kind(texts: list[str]) -> None:
    filled = batches(texts, SMALL)
    for batch, following in itertools.pairwise(filled):
        kinds = {token_bound(text) > SMALL.input_tokens for text in (batch[0], following[0])}
        full = len(batch) == SMALL.inputs
        tokens = sum(map(_estimate, (*batch, following[0])))
        assert full or tokens > SMALL.request_tokens or len(kinds) == 2


@given(many_texts)
def test_texts_that_may_be_too_long_are_sent_last_in_their_own_batches(texts: list[str]) -> None:
    doubtful = [
        [len(text.encode()) > SMALL.input_tokens for text in batch]
        for batch in batches(texts, SMALL)
    ]
    assert all(len(set(kinds)) == 1 for kinds in doubtful)
    assert [kinds[0] for kinds in doubtful] == sorted(kinds[0] for kinds in doubtful)


@given(texts_of_any_script)
def test_the_estimate_is_half_a_token_per_ascii_character_and_one_per_other_byte(text: str) -> None:
    assert token_estimate(text) == _estimate(text)


@given(texts_of_any_script)
def test_no_tokenizer_of_bytes_exceeds_the_bound(text: str) -> None:
    assert token_estimate(text) <= token_bound(text) == len(text.encode())


def test_without_texts_there_is_no_request() -> None:
    assert batches([]) == []


def test_ten_thousand_equal_articles_are_one_text() -> None:
    texts = [article_text("Same", "as all the others") for _ in range(10_000)]
    assert batches(texts) == [("Same\n\nas all the others",)]


def test_2_049_short_texts_are_two_requests() -> None:
    assert [len(batch) for batch in batches(map(str, range(2_049)))] == [2_048, 1]


def test_a_request_is_filled_to_its_last_token() -> None:
    texts = [f"{number:04}".ljust(1_000) for number in range(601)]
    assert [len(batch) for batch in batches(texts)] == [600, 1]


def test_the_longest_article_of_emoji_fits_into_a_request() -> None:
    longest = article_text("", FAMILY * 10_000)
    assert token_estimate(longest) <= LIMITS.request_tokens
    assert batches([longest, "short"]) == [("short",), (longest,)]


def test_a_text_whose_answers_were_malformed_four_times_is_sent_alone() -> None:
    inputs = [LIMITS.after_attempts(attempts).inputs for attempts in range(6)]
    assert inputs == [2_048, 256, 32, 4, 1, 1]


@pytest.mark.parametrize("attempts", [8, 10**9])
def test_any_number_of_attempts_leaves_one_text_per_request(attempts: int) -> None:
    limits = LIMITS.after_attempts(attempts)
    assert (limits.inputs, limits.request_tokens) == (1, LIMITS.input_tokens)


def test_long_texts_are_sent_in_smaller_batches_after_each_late_answer() -> None:
    texts = [f"{n} ".ljust(16_000, "x") for n in range(30)]
    sizes = [max(map(len, batches(texts, LIMITS.after_attempts(n)))) for n in range(3)]
    assert sizes == [30, 4, 1]
