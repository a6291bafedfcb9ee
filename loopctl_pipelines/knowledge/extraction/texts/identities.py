"""Ids and keys of extracted articles: loopctl's forms, because all its writers share them. Pure."""

from hashlib import sha256
from uuid import UUID


def document_source_id(content_hash: str) -> UUID:
    """Return the id that the articles of a document share.

    Args:
        content_hash: hex SHA-256 of the address or of the content that was handed in.
    """
    return UUID(bytes=sha256(content_hash.encode()).digest()[:16])


def document_key_prefix(text_hash: str, chunk: int, project_id: UUID | None) -> str:
    """Return how the idempotency keys of a chunk's articles begin, without the last `:`.

    Without a project it is loopctl's own form, so that loopctl skips a chunk that is done here.

    Args:
        text_hash: hex SHA-256 of the whole text.
        chunk: its place in the text, from 0.
        project_id: whose articles they become; None: the tenant's.
    """
    place = f"{text_hash}:{chunk}" if project_id is None else f"{text_hash}:{chunk}:{project_id}"
    return f"ingest:{sha256(place.encode()).hexdigest()}"


def review_key_prefix(review_id: UUID) -> str:
    """Return how the idempotency keys of a review's articles begin, without the last `:`."""
    return f"review:{review_id}"


def qualified_titles(title: str, source_name: str | None, most_characters: int) -> list[str]:
    """Return other titles for an article whose title is taken: first with its source's name."""
    names = [source_name] if source_name else []
    return [
        f"{title[: most_characters - len(name) - 3]} ({name})"
        for name in [*names, *(str(number) for number in range(2, 30))]
    ]
