"""Documents and reviews as sources of texts: what is sent, and what their articles get. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC
from typing import Final

from loopctl_pipelines.knowledge.extraction.storage.rows import Document, Part, Review, Target
from loopctl_pipelines.knowledge.extraction.texts.chunks import chunks
from loopctl_pipelines.knowledge.extraction.texts.identities import (
    document_key_prefix,
    document_source_id,
    review_key_prefix,
)
from loopctl_pipelines.knowledge.extraction.texts.prompts import (
    DOCUMENT_PROMPT,
    REVIEW_PROMPT,
    Prompt,
    review_text,
)

MOST_CHUNKS: Final = 125
"""The most chunks of a document that are worked on."""


@dataclass(frozen=True, slots=True)
class Source:
    """A document or a review, ready to be sent.

    Attributes:
        prompt: what is asked about its texts.
        parts: its texts, in their order.
        target: what its articles have in common.
        cut: chunks beyond the most that a document may have.
    """

    prompt: Prompt
    parts: Sequence[Part]
    target: Target
    cut: int = 0


def document_source(document: Document, content: str, text_hash: str) -> Source:
    """Return a document's chunks, and what its articles get.

    A chunk that repeats another one is left out: it would be paid for twice at the same time.

    Args:
        document: the request.
        content: text or Markdown.
        text_hash: hex SHA-256 of the content.
    """
    # each with its first place
    places = {text: place for place, text in reversed(list(enumerate(chunks(content))))}
    texts = sorted(places, key=places.__getitem__)
    status = "published" if document.publish else "draft"
    return Source(
        DOCUMENT_PROMPT,
        [
            Part(text, document_key_prefix(text_hash, places[text], document.project_id))
            for text in texts[:MOST_CHUNKS]
        ],
        Target(
            project_id=document.project_id,
            source_type=document.source_type,
            source_id=document_source_id(document.content_hash),
            status="published" if document.publish else "draft",
            source_name=document.source_name,
            handed_in_at=document.inserted_at.astimezone(UTC).replace(tzinfo=None),
            request_id=document.id,
            extraction_source="claude_content_extractor",
            audit_action="knowledge.content_ingested",
            audit_label="worker:content_ingestion",
            audited={
                "source_type": document.source_type,
                "url": document.url,
                "status": status,
            },
        ),
        cut=max(0, len(texts) - MOST_CHUNKS),
    )


def review_source(review: Review) -> Source:
    """Return a review's text, and what its articles get: they are drafts of the story's project."""
    text = review_text(review.review_type, review.findings, review.fixes, review.summary)
    return Source(
        REVIEW_PROMPT,
        [Part(text, review_key_prefix(review.id))],
        Target(
            project_id=review.project_id,
            source_type="review_finding",
            source_id=review.id,
            status="draft",
            source_name=f"review {str(review.id)[:8]}",
            handed_in_at=review.inserted_at,
            request_id=review.id,
            extraction_source="llm_review_extractor",
            audit_action="knowledge.articles_extracted",
            audit_label="worker:review_knowledge",
            audited={"review_record_id": str(review.id)},
        ),
    )
