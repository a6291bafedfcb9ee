"""What a failure leads to: retried or not, counted by the breaker or not. Pure.

    failure                              outcome       breaker  attempt used
    4xx except 408 and 429               permanent     neutral  yes
    408                                  transient     neutral  yes, without Retry-After
    429                                  transient     neutral  no
    5xx and above                        transient     counts   yes, without Retry-After
    1xx, 3xx                             transient     neutral  yes, without Retry-After
    transport, timeout, crash            transient     counts   yes
    malformed answer                     transient     counts   yes
    key that no header can carry         permanent     neutral  yes
    truncated, refused                   permanent     neutral  yes
    vectors larger than the column       permanent     neutral  yes
    no such address (404)                operator      neutral  no
    circuit open                         circuit open  neutral  no
    no key                               no key        neutral  no

A malformed answer was billed. It counts, so that a provider whose every answer is malformed is
called three times only. It is not permanent: one bad vector among 500 says nothing about the other
499 (`ProviderLimits.after_attempts` then separates them).

A truncated answer and a refusal were billed, too; the same text would lead to the same again.
So were vectors that are too large; every text of the model would lead to the same.

A 404 is the tenant's fault only if the server says that it is about the model, see `narrow_http`.
In doubt it is the operator's: that sets nothing aside, and ends as soon as the address is right.
"""

from enum import StrEnum
from http import HTTPStatus

from loopctl_pipelines.llm.failures import FailureKind, ProviderFailure

# seconds: three attempts within four minutes, then fewer and fewer, but at least one an hour
FIRST_DELAY_SECONDS = 30
LONGEST_DELAY_SECONDS = 3_600
# or a provider that always answers "Retry-After: 0" would be called in a tight loop
SHORTEST_DELAY_SECONDS = 1

MOST_SPOILT_ANSWERS = 10

_TRANSIENT_REJECTIONS = (HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS)
_ABOUT_A_TEXT = (
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    HTTPStatus.UNPROCESSABLE_ENTITY,
)


class Outcome(StrEnum):
    """What a failure means for the items of its request."""

    PERMANENT = "permanent"
    TRANSIENT = "transient"
    CIRCUIT_OPEN = "circuit_open"
    NO_API_KEY = "no_api_key"
    OPERATOR = "operator"


_OUTCOMES = {
    FailureKind.CIRCUIT_OPEN: Outcome.CIRCUIT_OPEN,
    FailureKind.NO_API_KEY: Outcome.NO_API_KEY,
    FailureKind.UNUSABLE_KEY: Outcome.PERMANENT,
    FailureKind.TRUNCATED: Outcome.PERMANENT,
    FailureKind.REFUSED: Outcome.PERMANENT,
    FailureKind.WRONG_SIZE: Outcome.PERMANENT,
    FailureKind.WRONG_URL: Outcome.OPERATOR,
}
_ANSWERS_ABOUT_A_TEXT = frozenset({FailureKind.TRUNCATED, FailureKind.REFUSED})
_COUNTED = frozenset(
    {
        FailureKind.MALFORMED,
        FailureKind.REQUEST_FAILED,
        FailureKind.TIMEOUT,
        FailureKind.CRASH,
    }
)


def outcome(failure: ProviderFailure) -> Outcome:
    """Return whether, and on which condition, the items of the request are retried."""
    status = failure.status
    if status is not None and _is_client_error(status) and status not in _TRANSIENT_REJECTIONS:
        return Outcome.PERMANENT
    return _OUTCOMES.get(failure.kind, Outcome.TRANSIENT)


def counts_for_breaker(failure: ProviderFailure) -> bool:
    """Return whether the failure suggests that the provider is down.

    An API error without a readable status counts.
    """
    if failure.kind is FailureKind.API_ERROR:
        return failure.status is None or failure.status >= HTTPStatus.INTERNAL_SERVER_ERROR
    return failure.kind in _COUNTED


def may_be_about_one_text(failure: ProviderFailure) -> bool:
    """Return whether a part of the batch might be accepted: 400, 413, 422, truncated, refused.

    401, 403, 404 and the like are about the key or the model: any part would be rejected too.
    """
    return failure.status in _ABOUT_A_TEXT or failure.kind in _ANSWERS_ABOUT_A_TEXT


def uses_attempt(failure: ProviderFailure) -> bool:
    """Return whether the failure counts as an attempt of each item of the request.

    It does not if no request was sent, if the operator's setting is at fault, or if the provider
    asks this tenant to wait, whatever the request is about.
    """
    if outcome(failure) in {Outcome.CIRCUIT_OPEN, Outcome.NO_API_KEY, Outcome.OPERATOR}:
        return False
    return not is_asked_to_wait(failure)


def is_spoilt_for_good(failure: ProviderFailure, attempts: int) -> bool:
    """Return whether so many answers were malformed that the text is set aside: each was billed.

    From the fifth attempt on a text is sent alone (`ProviderLimits.after_attempts`), so the
    malformed answers are its own.
    """
    return failure.kind is FailureKind.MALFORMED and attempts >= MOST_SPOILT_ANSWERS


def is_asked_to_wait(failure: ProviderFailure) -> bool:
    """Return whether the provider asks this tenant to wait: 429, or Retry-After."""
    if outcome(failure) is not Outcome.TRANSIENT:
        return False
    return failure.retry_after is not None or failure.status == HTTPStatus.TOO_MANY_REQUESTS


def delay_seconds(attempts: int, retry_after: int | None = None, *, jitter: float = 0.0) -> float:
    """Return how long to wait after a transient failure.

    Args:
        attempts: attempts used so far, or consecutive pauses of a tenant that hit its rate limit,
            this one included; at least 1 unless `retry_after` is given.
        retry_after: seconds the provider asked for; they replace the schedule.
        jitter: 0 to 1; adds up to a quarter of the delay, so that retries do not come all at once.
    """
    if retry_after is not None:
        return max(SHORTEST_DELAY_SECONDS, retry_after)
    doublings = min(max(attempts, 1) - 1, 32)
    delay = min(FIRST_DELAY_SECONDS << doublings, LONGEST_DELAY_SECONDS)
    return delay * (1 + jitter / 4)


def _is_client_error(status: int) -> bool:
    return HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR
