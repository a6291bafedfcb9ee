"""What each kind of failure leads to."""

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopctl_pipelines.llm.failures import FailureKind, ProviderFailure
from loopctl_pipelines.llm.outcomes import (
    Outcome,
    counts_for_breaker,
    delay_seconds,
    may_be_about_one_text,
    outcome,
    uses_attempt,
)

PERMANENT_STATUSES = [s for s in range(400, 500) if s not in {408, 429}]
DOWN_STATUSES = list(range(500, 1_000))
OTHER_STATUSES = [*range(100, 200), *range(300, 400)]
PROVIDER_IN_TROUBLE = [
    FailureKind.MALFORMED,
    FailureKind.REQUEST_FAILED,
    FailureKind.TIMEOUT,
    FailureKind.CRASH,
]
STOPPED_EARLY = [FailureKind.TRUNCATED, FailureKind.REFUSED]
RETRY_AFTERS = (None, 0, 1, 300)


def _rejections(
    statuses: Iterable[int], retry_afters: Iterable[int | None] = RETRY_AFTERS
) -> list[ProviderFailure]:
    return [
        ProviderFailure(FailureKind.API_ERROR, status, retry_after)
        for status in statuses
        for retry_after in retry_afters
    ]


def test_a_4xx_except_408_and_429_is_permanent_neutral_and_an_attempt() -> None:
    for failure in _rejections(PERMANENT_STATUSES):
        assert outcome(failure) is Outcome.PERMANENT
        assert not counts_for_breaker(failure)
        assert uses_attempt(failure)


def test_408_and_429_are_transient_and_neutral() -> None:
    for failure in _rejections((408, 429)):
        assert outcome(failure) is Outcome.TRANSIENT
        assert not counts_for_breaker(failure)


def test_5xx_and_above_are_transient_and_counted() -> None:
    for failure in _rejections(DOWN_STATUSES):
        assert outcome(failure) is Outcome.TRANSIENT
        assert counts_for_breaker(failure)


def test_1xx_and_3xx_are_transient_and_neutral() -> None:
    for failure in _rejections(OTHER_STATUSES):
        assert outcome(failure) is Outcome.TRANSIENT
        assert not counts_for_breaker(failure)


@pytest.mark.parametrize("kind", PROVIDER_IN_TROUBLE)
def test_transport_timeout_crash_and_a_malformed_answer_are_transient_and_counted(
    kind: FailureKind,
) -> None:
    failure = ProviderFailure(kind)
    assert outcome(failure) is Outcome.TRANSIENT
    assert counts_for_breaker(failure)
    assert uses_attempt(failure)


def test_a_rejection_without_a_readable_status_is_transient_and_counted() -> None:
    failure = ProviderFailure(FailureKind.API_ERROR)
    assert outcome(failure) is Outcome.TRANSIENT
    assert counts_for_breaker(failure)


@pytest.mark.parametrize("kind", STOPPED_EARLY)
def test_an_answer_that_stopped_early_is_permanent_neutral_and_an_attempt(
    kind: FailureKind,
) -> None:
    failure = ProviderFailure(kind)
    assert outcome(failure) is Outcome.PERMANENT
    assert not counts_for_breaker(failure)
    assert uses_attempt(failure)


def test_a_key_that_no_header_can_carry_is_permanent_and_neutral() -> None:
    failure = ProviderFailure(FailureKind.UNUSABLE_KEY)
    assert outcome(failure) is Outcome.PERMANENT
    assert not counts_for_breaker(failure)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (FailureKind.CIRCUIT_OPEN, Outcome.CIRCUIT_OPEN),
        (FailureKind.NO_API_KEY, Outcome.NO_API_KEY),
    ],
)
def test_if_nothing_was_sent_no_attempt_is_used_and_nothing_counted(
    kind: FailureKind, expected: Outcome
) -> None:
    failure = ProviderFailure(kind)
    assert outcome(failure) is expected
    assert not uses_attempt(failure)
    assert not counts_for_breaker(failure)


def test_every_kind_of_failure_has_an_outcome() -> None:
    assert {outcome(ProviderFailure(kind)) for kind in FailureKind} == set(Outcome)


def test_a_transient_rejection_is_an_attempt_unless_the_provider_says_when_to_retry() -> None:
    statuses = (*OTHER_STATUSES, 408, *DOWN_STATUSES)
    assert all(uses_attempt(failure) for failure in _rejections(statuses, [None]))
    assert not any(uses_attempt(failure) for failure in _rejections(statuses, [0, 1, 300]))


def test_a_tenant_s_rate_limit_is_no_attempt_of_any_article() -> None:
    assert not any(uses_attempt(failure) for failure in _rejections([429]))


def test_only_400_413_422_and_an_early_stop_may_be_about_one_text() -> None:
    statuses = {f.status for f in _rejections(range(100, 1_000)) if may_be_about_one_text(f)}
    assert statuses == {400, 413, 422}
    kinds = {kind for kind in FailureKind if may_be_about_one_text(ProviderFailure(kind))}
    assert kinds == set(STOPPED_EARLY)


def test_the_wait_doubles_from_half_a_minute_to_an_hour() -> None:
    waits = [delay_seconds(attempts) for attempts in range(1, 10)]
    assert waits == [30, 60, 120, 240, 480, 960, 1_920, 3_600, 3_600]


@given(st.integers(1, 10**9), st.floats(0, 1))
def test_jitter_adds_up_to_a_quarter_and_never_shortens_the_wait(
    attempts: int, jitter: float
) -> None:
    assert delay_seconds(attempts) <= delay_seconds(attempts, jitter=jitter)
    assert delay_seconds(attempts, jitter=jitter) <= 1.25 * delay_seconds(attempts)


@given(st.integers(0, 40), st.integers(1, 300), st.floats(0, 1))
def test_the_wait_that_the_provider_asked_for_replaces_the_schedule(
    attempts: int, retry_after: int, jitter: float
) -> None:
    assert delay_seconds(attempts, retry_after, jitter=jitter) == retry_after


def test_retry_after_0_is_a_second() -> None:
    assert delay_seconds(0, 0) == 1
