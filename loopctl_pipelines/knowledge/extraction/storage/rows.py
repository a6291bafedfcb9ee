"""The values that the extraction statements take and return. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from loopctl_pipelines.knowledge.extraction.texts.extracted import Extraction
from loopctl_pipelines.llm.usage import UsageEvent


@dataclass(frozen=True, slots=True)
class Document:
    """A document that waits for extraction; see the columns of `ingestion_requests`."""

    id: UUID
    source_type: str
    project_id: UUID | None
    publish: bool
    url: str | None
    encrypted_address: bytes | None = field(repr=False)
    content_hash: str
    source_name: str | None
    attempts: int
    inserted_at: datetime


@dataclass(frozen=True, slots=True)
class Review:
    """A review of loopctl's that waits for extraction; see the columns of `review_records`.

    Attributes:
        project_id: of the review's story.
        attempts: used so far.
    """

    id: UUID
    review_type: str
    findings: int
    fixes: int
    summary: str = field(repr=False)
    inserted_at: datetime
    project_id: UUID | None
    attempts: int


@dataclass(frozen=True, slots=True)
class DocumentResult:
    """How a document ended, or what it waits for; see the columns of `ingestion_requests`."""

    id: UUID
    source_name: str | None
    state: str
    failure: str | None
    articles: int
    chunks_cut: int


@dataclass(frozen=True, slots=True)
class SourceState:
    """What is stored about a document or review after a run.

    Attributes:
        failure: a code; None: it is done.
        delay: until it is tried again; None: it has ended.
        attempts: used so far.
        articles: it has yielded, known ones included.
        chunks: that were worked on.
        chunks_cut: beyond the most that a document may have.
    """

    failure: str | None = None
    delay: timedelta | None = None
    attempts: int = 0
    articles: int = 0
    chunks: int = 0
    chunks_cut: int = 0


@dataclass(frozen=True, slots=True)
class Target:
    """What the articles of one source have in common.

    Attributes:
        project_id: None: they belong to the whole tenant.
        source_type: of the articles.
        source_id: likewise; the audit row names it as its entity.
        status: draft or published.
        source_name: qualifies a title that is taken.
        handed_in_at: UTC, without a time zone as loopctl's own times; articles archived before do
            not count as existing.
        request_id: of the document's request, or the review's id; it makes the keys of articles
            whose first key belongs to an article that was archived before.
        extraction_source: for the articles' metadata: loopctl's name of what extracted them.
        audit_action: of the audit row about new articles.
        audit_label: the actor of that row: loopctl's name of the worker.
        audited: what that row says besides the articles.
    """

    project_id: UUID | None
    source_type: str
    source_id: UUID
    status: Literal["draft", "published"]
    source_name: str | None
    handed_in_at: datetime
    request_id: UUID
    extraction_source: str
    audit_action: str
    audit_label: str
    audited: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Part:
    """A text that is sent at once.

    Attributes:
        text: a chunk of a document, or a review.
        key_prefix: how the idempotency keys of its articles begin.
    """

    text: str = field(repr=False)
    key_prefix: str


@dataclass(frozen=True, slots=True)
class TextKey:
    """What an extraction is stored under: the same key is paid for once.

    Attributes:
        text_hash: hex SHA-256.
        model: the vendor's name of the model.
        prompt_version: of the prompt.
    """

    text_hash: str
    model: str
    prompt_version: str


@dataclass(frozen=True, slots=True)
class Made:
    """What a part has yielded, now or earlier.

    Attributes:
        key: of the part's text.
        extraction: what came out.
        usage: the billed request; None: the text was known, and nothing was paid.
    """

    key: TextKey
    extraction: Extraction
    usage: UsageEvent | None = None
