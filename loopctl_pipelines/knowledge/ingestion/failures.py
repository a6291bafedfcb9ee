"""Why a document could not be fetched or read: a closed set, safe to store and show. Pure."""

from dataclasses import dataclass
from enum import StrEnum, unique


@unique
class DocumentFailure(StrEnum):
    """What is wrong with an address, its server or the document."""

    INVALID_URL = "invalid_url"
    SCHEME_NOT_ALLOWED = "scheme_not_allowed"
    PORT_NOT_ALLOWED = "port_not_allowed"
    ADDRESS_NOT_ALLOWED = "address_not_allowed"
    NAME_NOT_FOUND = "name_not_found"
    UNREACHABLE = "unreachable"
    CERTIFICATE_INVALID = "certificate_invalid"
    TIMED_OUT = "timed_out"
    REDIRECT_NOT_ALLOWED = "redirect_not_allowed"
    TOO_MANY_REDIRECTS = "too_many_redirects"
    HTTP_STATUS = "http_status"
    BROKEN_ANSWER = "broken_answer"
    TOO_LARGE = "too_large"
    UNSUPPORTED_CONTENT = "unsupported_content"
    UNSUPPORTED_ENCODING = "unsupported_encoding"
    INVALID_TEXT = "invalid_text"
    TOO_DEEPLY_NESTED = "too_deeply_nested"
    EMPTY_DOCUMENT = "empty_document"


_TRANSIENT = frozenset(
    {
        DocumentFailure.NAME_NOT_FOUND,
        DocumentFailure.UNREACHABLE,
        DocumentFailure.TIMED_OUT,
        DocumentFailure.BROKEN_ANSWER,
    }
)
_TRANSIENT_STATUSES = frozenset({408, 425, 429, *range(500, 600)})


@dataclass(frozen=True, slots=True)
class FetchFailure:
    """Why there is no document.

    Attributes:
        code: what is wrong.
        status: the server's HTTP status, with `http_status` only.
    """

    code: DocumentFailure
    status: int | None = None

    @property
    def is_worth_a_retry(self) -> bool:
        """Whether another attempt may end differently."""
        return self.code in _TRANSIENT or self.status in _TRANSIENT_STATUSES

    def __str__(self) -> str:
        return self.code if self.status is None else f"{self.code} status={self.status:03d}"
