"""Whatever goes in, only values from closed sets come out."""

import asyncio
import pickle
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from functools import partial
from types import SimpleNamespace
from typing import Any, NoReturn

import httpx2
import openai
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopctl_pipelines.llm import sanitizer
from loopctl_pipelines.llm.failures import FailureKind, ProviderError, ProviderFailure
from loopctl_pipelines.llm.openai.exceptions import OPENAI
from loopctl_pipelines.llm.sanitizer import retry_after_seconds
from loopctl_pipelines.llm.vendor import Vendor

sanitize = partial(sanitizer.sanitize, vendor=OPENAI)
log_tag = partial(sanitizer.log_tag, vendor=OPENAI)
NOON = datetime(2026, 4, 2, 12, tzinfo=UTC)
CANARY = "sk-QZXJ-not-to-be-seen"
CRASH = ProviderFailure(FailureKind.CRASH)
REQUEST = httpx2.Request(
    "POST", "http://provider/v1", headers={"Authorization": CANARY}, content=CANARY
)
failures = st.builds(ProviderFailure, st.sampled_from(FailureKind)) | st.builds(
    ProviderFailure,
    st.just(FailureKind.API_ERROR),
    st.none() | st.integers(100, 999),
    st.none() | st.integers(0, 300),
)
anything = st.one_of(
    st.none(),
    st.text(),
    st.binary(),
    st.integers(),
    st.floats(),
    st.lists(st.text()),
    st.dictionaries(st.text(), st.text()),
    st.builds(Exception, st.text()),
    st.builds(lambda text: (Exception, text), st.text()),
    st.builds(lambda n: SimpleNamespace(status_code=n), st.integers()),
    failures,
    st.builds(ProviderError, failures),
)


def _rejected(status: int, **headers: str) -> openai.APIStatusError:
    response = httpx2.Response(status, headers=headers, request=REQUEST, text=CANARY)
    return openai.APIStatusError(CANARY, response=response, body={"error": CANARY})


def _with_status(status: object) -> openai.APIStatusError:
    error = _rejected(400)
    error.status_code = status  # type: ignore[assignment]
    return error


class _Hostile(openai.APIStatusError):
    """Raises on any attribute access, and shows its text if printed."""

    def __init__(self) -> None:
        Exception.__init__(self, CANARY)

    def __getattribute__(self, name: str) -> NoReturn:
        raise KeyboardInterrupt(CANARY)

    def __str__(self) -> str:
        return CANARY

    __repr__ = __str__


class _LyingClass:
    """Claims to be of another class."""

    __class__ = openai.APIStatusError  # type: ignore[assignment]
    status_code = 418


class _Status(int):
    def __str__(self) -> str:
        return CANARY

    def __format__(self, spec: str) -> str:
        return CANARY


@given(anything)
def test_every_value_becomes_a_failure_whose_tag_is_a_word_and_perhaps_a_status(
    term: object,
) -> None:
    failure = sanitize(term)
    assert type(failure) is ProviderFailure
    kind, _, status = failure.log_tag.partition(" status=")
    assert kind in {kind.value for kind in FailureKind}
    assert status == "" or 100 <= int(status) <= 999


@given(anything)
def test_sanitizing_twice_is_sanitizing_once(term: object) -> None:
    once = sanitize(term)
    assert sanitize(once) == once
    assert sanitize(ProviderError(once)) == once


@given(failures)
def test_a_failure_passes_unchanged_also_through_a_pickle(failure: ProviderFailure) -> None:
    assert sanitize(failure) == failure
    error = pickle.loads(pickle.dumps(ProviderError(failure)))  # noqa: S301 - written here
    assert sanitize(error) == failure


@pytest.mark.parametrize(
    ("term", "kind"),
    [
        (openai.APITimeoutError(REQUEST), FailureKind.TIMEOUT),
        (openai.APIConnectionError(message=CANARY, request=REQUEST), FailureKind.REQUEST_FAILED),
        (httpx2.ReadTimeout(CANARY), FailureKind.TIMEOUT),
        (httpx2.ConnectError(CANARY), FailureKind.REQUEST_FAILED),
        (httpx2.RemoteProtocolError(CANARY), FailureKind.REQUEST_FAILED),
        (TimeoutError(CANARY), FailureKind.TIMEOUT),
        (ConnectionResetError(CANARY), FailureKind.REQUEST_FAILED),
        (OSError(CANARY), FailureKind.REQUEST_FAILED),
        (asyncio.CancelledError(CANARY), FailureKind.CRASH),
        (openai.OpenAIError(CANARY), FailureKind.CRASH),
        (ValueError(CANARY), FailureKind.CRASH),
        (KeyboardInterrupt(CANARY), FailureKind.CRASH),
        (ExceptionGroup(CANARY, [_rejected(503)]), FailureKind.CRASH),
    ],
    ids=lambda part: type(part).__name__ if isinstance(part, BaseException) else str(part),
)
def test_an_exception_becomes_the_kind_of_its_class(term: BaseException, kind: FailureKind) -> None:
    assert sanitize(term) == ProviderFailure(kind)


@pytest.mark.parametrize("status", [401, 404, 429, 500, 503])
def test_a_rejection_keeps_its_status(status: int) -> None:
    assert sanitize(_rejected(status)) == ProviderFailure(FailureKind.API_ERROR, status)
    assert log_tag(_rejected(status)) == f"api_error status={status}"


@pytest.mark.parametrize(
    "status", [None, "400", 99, 1_000, -1, True, 400.0, _Status(400), CANARY], ids=type
)
def test_what_is_no_status_is_none(status: object) -> None:
    assert sanitize(_with_status(status)) == ProviderFailure(FailureKind.API_ERROR)


@pytest.mark.parametrize(
    "term",
    [
        CANARY,
        CANARY.encode(),
        {"error": CANARY},
        (CANARY, 400),
        ("error", ("api_error", 400, CANARY)),
        [CANARY],
        400,
        FailureKind.TIMEOUT,
        openai.APIStatusError,
        _LyingClass(),
        SimpleNamespace(kind=FailureKind.API_ERROR, status=400),
    ],
    ids=lambda term: type(term).__name__,
)
def test_what_is_not_known_is_a_crash(term: object) -> None:
    assert sanitize(term) == CRASH


def test_an_object_that_raises_on_every_access_is_classified_by_its_class_alone() -> None:
    assert sanitize(_Hostile()) == ProviderFailure(FailureKind.API_ERROR)


def test_a_class_that_hides_its_ancestors_is_a_crash() -> None:
    class Meta(type):
        def __getattribute__(cls, name: str) -> NoReturn:
            raise SystemExit(CANARY)

    class Hiding(metaclass=Meta):
        pass

    assert sanitize(object.__new__(Hiding)) == CRASH


@pytest.mark.parametrize(
    ("name", "value"),
    [("kind", CANARY), ("status", CANARY), ("status", 10**9), ("retry_after", CANARY)],
)
def test_a_failure_that_was_tampered_with_is_a_crash(name: str, value: object) -> None:
    failure = ProviderFailure(FailureKind.API_ERROR, 429, 5)
    object.__setattr__(failure, name, value)
    assert sanitize(failure) == CRASH


def test_a_subclass_of_the_failure_or_of_its_error_is_not_trusted() -> None:
    class Talking(ProviderFailure):
        @property
        def log_tag(self) -> str:
            return CANARY

    class TalkingError(ProviderError):
        pass

    talking = Talking(FailureKind.TIMEOUT)
    assert sanitize(talking) == CRASH
    assert sanitize(TalkingError(ProviderFailure(FailureKind.TIMEOUT))) == CRASH
    assert sanitize(ProviderError(talking)) == CRASH


@given(anything)
def test_the_message_contains_nothing_but_the_tag_and_advice(term: object) -> None:
    error = ProviderError(sanitize(term))
    plain = ProviderError(ProviderFailure(error.failure.kind))
    assert str(error).replace(error.failure.log_tag, plain.failure.log_tag) == str(plain)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("0", 0),
        ("17", 17),
        (" 17 ", 17),
        ("300", 300),
        ("301", 300),
        ("1000000000", 300),
        ("9" * 64, 300),
        ("9" * 65, None),
        ("-1", None),
        ("1.5", None),
        ("\N{ARABIC-INDIC DIGIT ONE}7", None),
        ("", None),
        ("soon", None),
        (CANARY, None),
        ("1" * 10_000, None),
        ("Thu, 02 Apr 2026 12:01:30 GMT", 90),
        ("Thu, 02 Apr 2026 14:01:30 +0200", 90),
        ("Thu, 02 Apr 2026 12:01:30 -0000", 90),
        ("Thu, 02 Apr 2026 11:00:00 GMT", 0),
        ("Thu, 02 Apr 2099 12:00:00 GMT", 300),
        ("Thu, 99 Apr 2026 12:00:00 GMT", None),
        (None, None),
        (17, None),
        (b"17", None),
    ],
    ids=lambda value: ascii(value)[:40],
)
def test_retry_after_is_0_to_300_seconds_or_none(header: object, seconds: int | None) -> None:
    assert retry_after_seconds(header, NOON) == seconds


@given(st.text() | st.from_regex(r"[A-Z][a-z]{2}, [0-9]{1,2} [A-Z][a-z]{2} [0-9]{1,5} [0-9:]{8}"))
def test_any_retry_after_is_0_to_300_seconds_or_none(header: str) -> None:
    assert retry_after_seconds(header, NOON) in {None, *range(301)}


@given(st.integers(-400, 400), st.integers(-12, 12))
def test_a_date_counts_from_the_given_time_in_any_zone(seconds: int, hours: int) -> None:
    date = (NOON + timedelta(seconds=seconds)).astimezone(timezone(timedelta(hours=hours)))
    header = date.strftime("%a, %d %b %Y %H:%M:%S %z")
    assert retry_after_seconds(header, NOON) == max(0, min(seconds, 300))


@pytest.mark.parametrize("status", [429, 503, 401])
def test_a_rejection_keeps_how_long_to_wait(status: int) -> None:
    rejected = _rejected(status, **{"Retry-After": "20"})
    assert sanitize(rejected) == ProviderFailure(FailureKind.API_ERROR, status, 20)


@pytest.mark.parametrize(
    "response", [lambda: None, lambda: CANARY, lambda: SimpleNamespace(headers=[CANARY]), _Hostile]
)
def test_a_rejection_without_readable_headers_is_still_one(
    response: Callable[[], Any],
) -> None:
    rejected = _rejected(429)
    rejected.response = response()
    assert sanitize(rejected) == ProviderFailure(FailureKind.API_ERROR, 429)


def _foreign(package: str, name: str = "APIStatusError") -> BaseException:
    """Return an exception like a vendor's, of a class in this package."""
    cls = type(name, (Exception,), {"__module__": package, "status_code": 503})
    error: BaseException = cls(CANARY)
    return error


@pytest.mark.parametrize(
    ("error", "vendor"),
    [
        (_rejected(503), None),
        (_rejected(503), Vendor("acme", {("acme", "APIStatusError"): FailureKind.API_ERROR})),
        (_foreign("acme"), OPENAI),
        (_foreign("openai_like"), OPENAI),
        (_foreign("like.openai"), OPENAI),
        (_foreign("openai", "Other"), OPENAI),
    ],
)
def test_an_exception_that_the_vendor_has_not_registered_is_a_crash(
    error: BaseException, vendor: Vendor | None
) -> None:
    assert sanitizer.sanitize(error, vendor=vendor) == CRASH
    assert sanitizer.log_tag(error, vendor=vendor) == CRASH.log_tag


@pytest.mark.parametrize("module", ["acme", "acme.client", "acme.client.errors"])
def test_a_registered_package_includes_its_submodules(module: str) -> None:
    acme = Vendor("acme", {("acme", "APIStatusError"): FailureKind.API_ERROR})
    kept = sanitizer.sanitize(_foreign(module), vendor=acme)
    assert kept == ProviderFailure(FailureKind.API_ERROR, 503)


def test_transport_errors_are_known_whatever_the_vendor() -> None:
    kept = sanitizer.sanitize(httpx2.ReadTimeout(CANARY))
    assert kept == ProviderFailure(FailureKind.TIMEOUT)
