"""Whatever went wrong becomes a value from closed sets. Total, default-deny, idempotent. Pure.

Used where an exception is caught, and again wherever something is persisted. No text of the
exception is ever read: only the names of its classes, an integer, and one header that must parse.
"""

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from loopctl_pipelines.llm.failures import FailureKind, ProviderError, ProviderFailure

MAX_RETRY_AFTER_SECONDS = 300

_SECONDS = re.compile(r"[0-9]+")
_LONGEST_HEADER = 64
# package and class; the client's own types are not imported, because that takes most of a second
_KINDS = {
    ("openai", "APIStatusError"): FailureKind.API_ERROR,
    ("openai", "APITimeoutError"): FailureKind.TIMEOUT,
    ("openai", "APIConnectionError"): FailureKind.REQUEST_FAILED,
    ("httpx2", "TimeoutException"): FailureKind.TIMEOUT,
    ("httpx2", "RequestError"): FailureKind.REQUEST_FAILED,
    ("anyio", "EndOfStream"): FailureKind.REQUEST_FAILED,
    ("builtins", "TimeoutError"): FailureKind.TIMEOUT,
    ("builtins", "OSError"): FailureKind.REQUEST_FAILED,
}


def sanitize(term: object, now: datetime | None = None) -> ProviderFailure:
    """Return what may be kept of `term`, an exception or anything else; never raises.

    What is not known becomes `embedding_crash`.

    Args:
        term: what was caught, in whatever state.
        now: the time a date in Retry-After counts from, with its zone; default: the present.
    """
    try:
        return _known(term, now or datetime.now(UTC))
    except BaseException:  # noqa: BLE001 - a hostile attribute may raise anything, and must not pass
        return ProviderFailure(FailureKind.CRASH)


def log_tag(term: object) -> str:
    """Return all that a log may show of `term`: a kind, with the status of an API error."""
    return sanitize(term).log_tag


def _known(term: object, now: datetime) -> ProviderFailure:
    if type(term) is ProviderError:
        term = term.failure
    if type(term) is ProviderFailure:
        # anew, so that a value changed behind the dataclass's back does not pass
        return ProviderFailure(term.kind, term.status, term.retry_after)
    kind = _kind(type(term))
    if kind is not FailureKind.API_ERROR:
        return ProviderFailure(kind)
    status = _attribute(term, "status_code")
    if type(status) is not int or not 100 <= status <= 999:  # noqa: PLR2004 - three digits
        return ProviderFailure(kind)
    return ProviderFailure(kind, status, _retry_after(term, now))


def _kind(cls: type) -> FailureKind:
    for base in cls.__mro__:
        package = base.__module__.partition(".")[0]
        if kind := _KINDS.get((package, base.__name__)):
            return kind
    return FailureKind.CRASH


def _attribute(term: object, name: str) -> object:
    try:
        return getattr(term, name, None)
    except BaseException:  # noqa: BLE001 - as above
        return None


def _retry_after(term: object, now: datetime) -> int | None:
    try:
        headers = _attribute(_attribute(term, "response"), "headers")
        return retry_after_seconds(headers.get("retry-after"), now)  # type: ignore[attr-defined]
    except BaseException:  # noqa: BLE001 - as above
        return None


def retry_after_seconds(value: object, now: datetime) -> int | None:
    """Read a Retry-After header: seconds or an HTTP date (RFC 9110), from 0 to 300 seconds.

    More than 300 becomes 300, a date in the past 0, anything else None.
    """
    if type(value) is not str or len(text := value.strip()) > _LONGEST_HEADER:
        return None
    if _SECONDS.fullmatch(text):
        return min(int(text), MAX_RETRY_AFTER_SECONDS)
    try:
        date = parsedate_to_datetime(text)
        seconds = (date.replace(tzinfo=date.tzinfo or UTC) - now).total_seconds()
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
    return max(0, min(round(seconds), MAX_RETRY_AFTER_SECONDS))
