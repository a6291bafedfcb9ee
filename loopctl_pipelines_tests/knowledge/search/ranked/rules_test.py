"""What is searched for, and which reason a caller sees for a failure."""

import pytest

from loopctl_pipelines.knowledge.search.ranked.rules import (
    FallbackReason,
    Words,
    fallback_reason,
    searchable_text,
    word_weights,
    words_of,
)
from loopctl_pipelines.llm.failures import FailureKind, ProviderFailure


@pytest.mark.parametrize(
    ("text", "searched"),
    [
        ("  retry ", "retry"),
        ("re\x00try", "re try"),
        ("retry\ud800\ufffd", "retry"),
        ("\x00", ""),
        ("\U0001f4a9", "\U0001f4a9"),
    ],
)
def test_what_is_no_text_is_a_space(text: str, searched: str) -> None:
    assert searchable_text(text) == searched


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a -b", "a -b"),
        ('-"a b" -"c"', '-"a b" -"c"'),
        ("well-known", "well-known"),
        ("- - - b", "  b"),
        ("-!-(-a", " a"),
    ],
)
def test_minus_signs_in_a_row_exclude_nothing(text: str, words: str) -> None:
    assert words_of(text) == words


def test_every_kind_of_failure_has_a_reason() -> None:
    reasons = {kind: fallback_reason(ProviderFailure(kind)) for kind in FailureKind}
    assert reasons[FailureKind.CIRCUIT_OPEN] is FallbackReason.CIRCUIT_OPEN
    assert set(reasons.values()) == set(FallbackReason) - {
        FallbackReason.KEY_REJECTED,
        FallbackReason.RATE_LIMITED,
    }


@pytest.mark.parametrize(
    ("status", "reason"),
    [(401, "key_rejected"), (403, "key_rejected"), (429, "rate_limited"), (500, "provider_error")],
)
def test_a_status_of_the_provider_becomes_a_reason(status: int, reason: str) -> None:
    assert fallback_reason(ProviderFailure(FailureKind.API_ERROR, status)) == reason


def test_words_have_the_weight_of_their_side_unless_they_are_far_apart() -> None:
    assert word_weights(Words.ALL, [3.0, 0.01, 0.003]) == [0.5, 0.5, 0.5]
    assert word_weights(Words.ALL, [0.0015, 0.00003, 0]) == pytest.approx([0.25, 0.005, 0])


def test_some_of_the_words_count_the_same_everywhere() -> None:
    assert word_weights(Words.ANY, [9.0, 0.1]) == [0.25, 0.25]
