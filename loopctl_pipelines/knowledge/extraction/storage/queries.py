"""The statements on documents, reviews and results, each for a transaction of one tenant.

All raise psycopg.Error if the statement fails; the transaction must then be rolled back.
`TenantSession.run` calls them.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import UUID

from psycopg.rows import class_row

from loopctl_pipelines.database.connection import TenantConnection
from loopctl_pipelines.database.statements import statement
from loopctl_pipelines.knowledge.extraction.storage.rows import (
    Document,
    DocumentResult,
    Review,
    SourceState,
    TextKey,
)
from loopctl_pipelines.knowledge.extraction.texts.extracted import Extraction
from loopctl_pipelines.llm.anthropic.tenant_settings import AnthropicSettings, read_settings
from loopctl_pipelines.llm.breaker import Breaker
from loopctl_pipelines.llm.circuit import Permit, Rejected

SOURCES_PER_READ: Final = 16


def read_documents(
    connection: TenantConnection, tenant_id: UUID, after: Document | None
) -> list[Document]:
    """Return the next documents that are due, after `after`, oldest first."""
    parameters = {
        "tenant_id": tenant_id,
        "after_time": after and after.inserted_at,
        "after_id": after and after.id,
        "documents": SOURCES_PER_READ,
    }
    cursor = connection.cursor(row_factory=class_row(Document))
    return cursor.execute(statement(__package__, "read_documents"), parameters).fetchall()


def read_content(
    connection: TenantConnection, tenant_id: UUID, document_id: UUID
) -> tuple[str | None, str | None] | None:
    """Return a document's content and its hash; None: it is not pending any more."""
    parameters = {"tenant_id": tenant_id, "id": document_id}
    return connection.execute(statement(__package__, "read_content"), parameters).fetchone()


def write_content(
    connection: TenantConnection, tenant_id: UUID, document_id: UUID, content: str, text_hash: str
) -> None:
    """Keep a fetched document."""
    parameters = {
        "tenant_id": tenant_id,
        "id": document_id,
        "content": content,
        "text_hash": text_hash,
    }
    connection.execute(statement(__package__, "write_content"), parameters)


def read_results(
    connection: TenantConnection, tenant_id: UUID, ids: Collection[UUID]
) -> list[DocumentResult]:
    """Return how these documents ended, or what they wait for, oldest first."""
    parameters = {"tenant_id": tenant_id, "ids": list(ids)}
    cursor = connection.cursor(row_factory=class_row(DocumentResult))
    return cursor.execute(statement(__package__, "read_results"), parameters).fetchall()


def write_document_state(
    connection: TenantConnection, tenant_id: UUID, document_id: UUID, state: SourceState
) -> None:
    """End a document's request, or have it tried again later."""
    parameters = {"tenant_id": tenant_id, "id": document_id, **_columns(state)}
    connection.execute(statement(__package__, "write_document_state"), parameters)


def read_reviews(
    connection: TenantConnection, tenant_id: UUID, after: Review | None
) -> list[Review]:
    """Return the next reviews that are due, after `after`, oldest first."""
    parameters = {
        "tenant_id": tenant_id,
        "after_time": after and after.inserted_at,
        "after_id": after and after.id,
        "reviews": SOURCES_PER_READ,
    }
    cursor = connection.cursor(row_factory=class_row(Review))
    return cursor.execute(statement(__package__, "read_reviews"), parameters).fetchall()


def write_review_state(
    connection: TenantConnection, tenant_id: UUID, review_id: UUID, state: SourceState
) -> None:
    """End a review's extraction, or have it tried again later."""
    parameters = {"tenant_id": tenant_id, "id": review_id, **_columns(state)}
    connection.execute(statement(__package__, "write_review_state"), parameters)


@dataclass(frozen=True, slots=True)
class NotExtracted:
    """What a text is sent with that has no result yet.

    Attributes:
        settings: the tenant's key and models.
        permit: whether the tenant's circuit admits the request.
    """

    settings: AnthropicSettings
    permit: Permit | Rejected


def find_extraction(
    connection: TenantConnection, tenant_id: UUID, key: TextKey, breaker: Breaker
) -> Extraction | NotExtracted:
    """Return what a text has yielded before; if it was never sent, what it is sent with.

    All is read in one transaction: there is one for each text.
    """
    parameters = {
        "tenant_id": tenant_id,
        "text_hash": key.text_hash,
        "model": key.model,
        "prompt_version": key.prompt_version,
    }
    row = connection.execute(statement(__package__, "find_extraction"), parameters).fetchone()
    if row is None:
        settings = read_settings(connection, tenant_id)
        return NotExtracted(settings, breaker.admit_within(connection, tenant_id))
    return Extraction.model_validate(row[0], strict=False)


def review_exists(connection: TenantConnection, tenant_id: UUID, review_id: UUID) -> bool:
    """Return whether the review was not deleted meanwhile."""
    parameters = {"tenant_id": tenant_id, "review_id": review_id}
    rows = connection.execute(statement(__package__, "review_exists"), parameters)
    return rows.fetchone() is not None


def consecutive_pauses(
    connection: TenantConnection, tenant_id: UUID, key_version: bytes | None
) -> int:
    """Return how many pauses in a row the vendor has asked for with this key."""
    parameters = {"tenant_id": tenant_id, "key_version": key_version}
    row = connection.execute(statement(__package__, "consecutive_pauses"), parameters).fetchone()
    return int(row[0]) if row else 0


def count_documents(connection: TenantConnection, tenant_id: UUID) -> tuple[int, int]:
    """Return how many documents are due, and how many wait for a later time."""
    rows = connection.execute(statement(__package__, "count_documents"), {"tenant_id": tenant_id})
    due, waiting = rows.fetchall()[0]
    return int(due), int(waiting)


def _columns(state: SourceState) -> dict[str, object]:
    ended = "done" if state.failure is None else "failed"
    return {
        "state": ended if state.delay is None else "pending",
        "failure": state.failure,
        "attempts": state.attempts,
        "delay": state.delay,
        "completed": timedelta(0) if state.delay is None else None,
        "articles": state.articles,
        "chunks": state.chunks,
        "chunks_cut": state.chunks_cut,
    }
