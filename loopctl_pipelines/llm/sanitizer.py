"""Turns any exception into a value from closed sets. Total, default-deny, idempotent. Pure.

Used where an exception is caught, and again wherever something is stored. Never reads an
exception's text: only the names of its classes, an integer, and one header that must parse.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

from loopctl_pipelines.llm.failures import FailureKind, ProviderError, ProviderFailure
from loopctl_pipelines.llm.vendor import Vendor

MAX_RETRY_AFTER_SECONDS: Final = 300

_SECONDS = re.compile(r"[0-9]+")
_LONGEST_HEADER = 64
# whatever the vendor: Python's own exceptions, and those of the HTTP client under the vendors'
_TRANSPORT: Mapping[tuple[str, str], FailureKind] = {
    ("httpx2", "TimeoutException"): FailureKind.TIMEOUT,
    ("httpx2", "RequestError"): FailureKind.REQUEST_FAILED,
    ("anyio", "EndOfStream"): FailureKind.REQUEST_FAILED,
    ("builtins", "TimeoutError"): FailureKind.TIMEOUT,
    ("builtins", "OSError"): FailureKind.REQUEST_FAILED,
}


def sanitize(
    term: object, *, vendor: Vendor | None = None, now: datetime | None = None
) -> ProviderFailure:
    """Return what may be kept of `term`, an exception or anything else; never raises.

    Anything unknown becomes `FailureKind.CRASH`.

    Args:
        term: what was caught, in whatever state.
        vendor: who was called; its own exceptions are known, other vendors' are not.
        now: aware; the time that a date in Retry-After is relative to; default: the present.
    """
    try:
        kinds = {**_TRANSPORT, **vendor.exceptions} if vendor else _TRANSPORT
        return _known(term, kinds, now or datetime.now(UTC))
    except BaseException:  # noqa: BLE001 - a hostile attribute may raise anything
        return ProviderFailure(FailureKind.CRASH)


def log_tag(term: object, *, vendor: Vendor | None = None) -> str:
    """Return all that a log may show of `term`: a kind, with the status of an API error."""
    return sanitize(term, vendor=vendor).log_tag


def _known(
    term: object, kinds: Mapping[tuple[str, str], FailureKind], now: datetime
) -> ProviderFailure:
    if type(term) is ProviderError:
        term = term.failure
    if type(term) is ProviderFailure:
        # a copy, so that the values are checked again: a frozen dataclass can be changed
        return ProviderFailure(term.kind, term.status, term.retry_after, term.size)
    kind = _kind(type(term), kinds)
    if kind is not FailureKind.API_ERROR:
        return ProviderFailure(kind)
    status = _attribute(term, "status_code")
    if type(status) is not int or not 100 <= status <= 999:  # noqa: PLR2004 - three digits
        return ProviderFailure(kind)
    return ProviderFailure(kind, status, _retry_after(term, now))


def _kind(cls: type, kinds: Mapping[tuple[str, str], FailureKind]) -> FailureKind:
    """Return the kind of the first class, from `cls` upwards, that has one."""
    for base in cls.__mro__:
        for (package, name), kind in kinds.items():
            if base.__name__ == name and f"{base.__module__}.".startswith(f"{package}."):
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
