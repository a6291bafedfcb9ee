"""How a call to an LLM vendor can fail: values from closed sets, never a vendor's text. Pure."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from loopctl_pipelines.errors import PipelinesError

MOST_NUMBERS: Final = 1_000_000
"""Bound on the size of a vector that is reported."""


class FailureKind(StrEnum):
    """The ways in which a request can end without a result.

    The values are loopctl's, and stored: its name of a crash is `embedding_crash`.
    """

    API_ERROR = "api_error"
    MALFORMED = "malformed"
    REQUEST_FAILED = "request_failed"
    TIMEOUT = "timeout"
    CRASH = "embedding_crash"
    CIRCUIT_OPEN = "circuit_open"
    NO_API_KEY = "no_api_key"
    UNUSABLE_KEY = "unusable_key"
    TRUNCATED = "truncated"
    REFUSED = "refused"
    WRONG_SIZE = "wrong_size"
    WRONG_URL = "wrong_url"


@dataclass(frozen=True, slots=True)
class ProviderFailure:
    """All that is kept of a failed request: values from closed sets, never text.

    Attributes:
        kind: what went wrong.
        status: HTTP status from 100 to 999, only for an `api_error`.
        retry_after: seconds from 0 to 300 that the provider asked to wait, only for an
            `api_error`.
        size: numbers in each vector, only for a `wrong_size`; 0 for a `malformed` answer that has
            no vector at all.

    Raises:
        ValueError: if a value lies outside its set.
    """

    kind: FailureKind
    status: int | None = None
    retry_after: int | None = None
    size: int | None = None

    def __post_init__(self) -> None:
        answered = self.kind is FailureKind.API_ERROR
        if type(self.kind) is not FailureKind:
            raise ValueError("kind must be a FailureKind")
        if not _within(self.status, 100, 999) or not (answered or self.status is None):
            raise ValueError("status must be an HTTP status of an api_error, or None")
        if not _within(self.retry_after, 0, 300) or not (answered or self.retry_after is None):
            raise ValueError("retry_after must be 0 to 300 seconds of an api_error, or None")
        sized = self.kind is FailureKind.WRONG_SIZE
        if not _within(self.size, 1 if sized else 0, MOST_NUMBERS if sized else 0) or not (
            self.size is None or sized or self.kind is FailureKind.MALFORMED
        ):
            raise ValueError("size must be that of a wrong_size, 0 for a malformed, or None")

    @property
    def log_tag(self) -> str:
        """The kind, for an API error also the status: all that logs and events may show."""
        return self.kind.value if self.status is None else f"{self.kind.value} status={self.status}"


def _within(value: object, low: int, high: int) -> bool:
    return value is None or (type(value) is int and low <= value <= high)


class ProviderError(PipelinesError):
    """The provider gave no usable answer. Holds a `ProviderFailure` and nothing else."""

    def __init__(self, failure: ProviderFailure) -> None:
        super().__init__(f"No usable answer ({failure.log_tag}): {_ADVICE[failure.kind]}")
        self.failure = failure

    def __reduce__(self) -> tuple[type["ProviderError"], tuple[ProviderFailure]]:
        return ProviderError, (self.failure,)


_ADVICE = {
    FailureKind.API_ERROR: "the provider rejected the request; its documentation says what the "
    "status means.",
    FailureKind.MALFORMED: "the provider's answer is not what was requested; check its base URL "
    "and the tenant's model.",
    FailureKind.REQUEST_FAILED: "the provider was not reached, or the connection broke; check its "
    "base URL and the network.",
    FailureKind.TIMEOUT: "the provider did not answer in time; the request is retried later.",
    FailureKind.CRASH: "the client failed unexpectedly; the request is retried later.",
    FailureKind.CIRCUIT_OPEN: "the tenant's circuit is open; the request is retried later.",
    FailureKind.NO_API_KEY: "the tenant has no key for this provider; set one in its LLM settings.",
    FailureKind.TRUNCATED: "the answer did not fit into the request's limit of tokens; a shorter "
    "text fits.",
    FailureKind.REFUSED: "the model declined to answer for this text.",
    FailureKind.UNUSABLE_KEY: "the tenant's key has characters that no HTTP header can carry; set "
    "it again.",
    FailureKind.WRONG_SIZE: "the model's vectors have more numbers than the column holds; the "
    "tenant needs another model.",
    FailureKind.WRONG_URL: "the server has no such address; check its base URL.",
}
