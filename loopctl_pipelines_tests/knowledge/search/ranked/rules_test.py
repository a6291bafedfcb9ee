"""What is searched for, and what a caller is told about a failure."""

import pytest

from loopctl_pipelines.knowledge.search.ranked.rules import (
    FallbackReason,
    fallback_reason,
    searchable_text,
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
