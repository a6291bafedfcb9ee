"""A request to take a document, validated before anything is stored or paid. Pure."""

import hashlib
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from loopctl_pipelines.knowledge.ingestion.documents.text import is_valid_text
from loopctl_pipelines.knowledge.ingestion.errors import IngestionRefusedError, Refusal
from loopctl_pipelines.knowledge.ingestion.failures import DocumentFailure
from loopctl_pipelines.knowledge.ingestion.fetching.addresses import is_allowed
from loopctl_pipelines.knowledge.ingestion.fetching.web_address import WebAddress, parse_address
from loopctl_pipelines.terminal_text import shortened

MOST_CHARACTERS: Final = 1_000_000
SOURCE_TYPES: Final = (
    *("review_finding", "manual", "agent", "session_log", "newsletter", "skill"),
    *("web_article", "ingestion"),
)
_MOST_NAME_CHARACTERS = 300


@dataclass(frozen=True, slots=True)
class IngestionRequest:
    """A document to take: an address or its content.

    Attributes:
        source_type: one of `SOURCE_TYPES`.
        url: the whole address as given; not shown in the repr.
        address: the url, parsed.
        content: text or Markdown.
        source_name: what people call the document; visible characters only.
        project_id: the project that its articles belong to; None: all of the tenant's.
        publish: whether the articles are published at once.
    """

    source_type: str
    url: str | None = field(default=None, repr=False)
    address: WebAddress | None = None
    content: str | None = field(default=None, repr=False)
    source_name: str | None = None
    project_id: UUID | None = None
    publish: bool = False

    @property
    def content_hash(self) -> str:
        """Hex SHA-256 of the whole url, or of the content: loopctl's rule."""
        return hashlib.sha256((self.url or self.content or "").encode()).hexdigest()


def validate_request(  # noqa: PLR0913 - the fields of a request
    *,
    ports: Collection[int],
    url: object = None,
    content: object = None,
    source_type: object = None,
    project_id: UUID | None = None,
    publish: bool = False,
    source_name: str | None = None,
) -> IngestionRequest:
    """Return the request that these values are.

    Args:
        ports: ports that an address may have.
        url: of the document.
        content: of the document; exactly one of both.
        source_type: None: `web_article` for a url, otherwise `ingestion`.
        project_id: of the tenant's project; `submit` looks for it.
        publish: whether the articles are published at once.
        source_name: of the content; an address is its own.

    Raises:
        IngestionRefusedError: with the code and the field, if one of them cannot be used.
    """
    if (url is None) == (content is None):
        problem = "Exactly one of url and content is needed"
        raise IngestionRefusedError(Refusal.URL_OR_CONTENT, "url", problem)
    kind = _source_type(source_type, "ingestion" if url is None else "web_article")
    if url is not None:
        text, address = _address(url, ports)
        name = shortened(f"{address.authority}{address.path}", _MOST_NAME_CHARACTERS)
        return IngestionRequest(kind, text, address, None, name, project_id, publish)
    name_or_none = shortened(source_name, _MOST_NAME_CHARACTERS) if source_name else None
    return IngestionRequest(kind, None, None, _content(content), name_or_none, project_id, publish)


def _source_type(given: object, default: str) -> str:
    if given is None:
        return default
    if not isinstance(given, str) or given not in SOURCE_TYPES:
        problem = f"The source type must be one of {', '.join(SOURCE_TYPES)}"
        raise IngestionRefusedError(Refusal.UNKNOWN_SOURCE_TYPE, "source_type", problem)
    return given


def _address(url: object, ports: Collection[int]) -> tuple[str, WebAddress]:
    if not isinstance(url, str):
        raise IngestionRefusedError(Refusal.INVALID_TYPE, "url", "The url must be a string")
    address = parse_address(url, ports)
    if isinstance(address, WebAddress) and address.literal and not is_allowed(address.literal):
        address = DocumentFailure.ADDRESS_NOT_ALLOWED
    if isinstance(address, DocumentFailure):
        problem = "The url cannot be fetched; see docs/ingestion.md"
        raise IngestionRefusedError(address, "url", problem)
    return url, address


def _content(content: object) -> str:
    if not isinstance(content, str):
        problem = "The content must be a string"
        raise IngestionRefusedError(Refusal.INVALID_TYPE, "content", problem)
    if len(content) > MOST_CHARACTERS:
        problem = f"The content has more than {MOST_CHARACTERS:,} characters"
        raise IngestionRefusedError(DocumentFailure.TOO_LARGE, "content", problem)
    if not is_valid_text(content):
        problem = "The content has a NUL character or half a character; remove it"
        raise IngestionRefusedError(DocumentFailure.INVALID_TEXT, "content", problem)
    if not content.strip():
        problem = "The content is blank"
        raise IngestionRefusedError(DocumentFailure.EMPTY_DOCUMENT, "content", problem)
    return content
