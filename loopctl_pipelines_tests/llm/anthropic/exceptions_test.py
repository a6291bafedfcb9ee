"""What the exceptions of Anthropic's own client mean: every other one is a crash."""

import pickle

import anthropic
import httpx2
import pytest

from loopctl_pipelines.llm.anthropic.exceptions import ANTHROPIC
from loopctl_pipelines.llm.failures import FailureKind, ProviderError, ProviderFailure
from loopctl_pipelines.llm.openai.exceptions import OPENAI
from loopctl_pipelines.llm.sanitizer import log_tag, sanitize
from loopctl_pipelines_tests.llm.canary import Canaries, canary

KEY, TEXT = canary("key"), canary("text")
CANARIES = Canaries({"key": KEY, "text": TEXT})
REQUEST = httpx2.Request(
    "POST", "https://api.anthropic.com/v1/messages", headers={"X-Api-Key": KEY}, content=TEXT
)


def rejection(cls: type[anthropic.APIStatusError], status: int) -> anthropic.APIStatusError:
    headers = {"Retry-After": "9", "request-id": KEY}
    response = httpx2.Response(status, headers=headers, request=REQUEST, text=TEXT)
    return cls(f"{KEY} {TEXT}", response=response, body={"error": {"message": TEXT}})


EXPECTED = [
    (rejection(anthropic.AuthenticationError, 401), FailureKind.API_ERROR, 401),
    (rejection(anthropic.RateLimitError, 429), FailureKind.API_ERROR, 429),
    (rejection(anthropic.InternalServerError, 529), FailureKind.API_ERROR, 529),
    (anthropic.APITimeoutError(REQUEST), FailureKind.TIMEOUT, None),
    (anthropic.APIConnectionError(message=KEY, request=REQUEST), FailureKind.REQUEST_FAILED, None),
    (httpx2.ReadTimeout(KEY, request=REQUEST), FailureKind.TIMEOUT, None),
    (httpx2.ConnectError(KEY, request=REQUEST), FailureKind.REQUEST_FAILED, None),
    (anthropic.APIError(TEXT, REQUEST, body=KEY), FailureKind.CRASH, None),
    (anthropic.AnthropicError(KEY), FailureKind.CRASH, None),
    (ValueError(KEY), FailureKind.CRASH, None),
]


@pytest.mark.parametrize(
    ("error", "kind", "status"), EXPECTED, ids=lambda value: type(value).__name__
)
def test_an_exception_is_a_value_from_a_closed_set_and_nothing_else(
    error: Exception, kind: FailureKind, status: int | None
) -> None:
    failure = sanitize(error, vendor=ANTHROPIC)
    assert failure == ProviderFailure(kind, status, None if status is None else 9)
    kept = [repr(failure), log_tag(error, vendor=ANTHROPIC), str(ProviderError(failure))]
    kept += [pickle.dumps(each).decode("latin-1") for each in (failure, ProviderError(failure))]
    assert CANARIES.found_in("\n".join(kept)) == set()


def test_the_client_s_own_exception_holds_the_key_so_it_must_not_be_kept() -> None:
    error = rejection(anthropic.AuthenticationError, 401)
    assert CANARIES.found_in(str(error)) == {"key", "text"}
    assert CANARIES.found_in(str(error.request.headers.raw)) == {"key"}


def test_it_means_nothing_at_another_vendor() -> None:
    error = rejection(anthropic.AuthenticationError, 401)
    assert sanitize(error, vendor=OPENAI) == ProviderFailure(FailureKind.CRASH)
