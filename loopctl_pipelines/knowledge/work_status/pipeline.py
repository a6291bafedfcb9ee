"""Reads the state of a tenant's whole pipeline: work, drafts, failures as codes."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from psycopg.rows import class_row

from loopctl_pipelines.database.connection import TenantConnection
from loopctl_pipelines.database.statements import statement
from loopctl_pipelines.knowledge.work_status.status import WorkStatus, work_status
from loopctl_pipelines.llm.operation import Operation

MOST_DRAFTS: Final = 20
MOST_ERRORS: Final = 5
ERROR_DAYS: Final = 7
"""How long a document or review that failed for good counts as an error."""


@dataclass(frozen=True, slots=True)
class Draft:
    """An extracted article that waits for its publication.

    Attributes:
        id: of the article.
        title: its title.
        source_id: the review; None: a document.
        inserted_at: naive UTC.
    """

    id: UUID
    title: str
    source_id: UUID | None
    inserted_at: datetime


@dataclass(frozen=True, slots=True)
class WorkError:
    """A document, review or article whose last attempt failed.

    Attributes:
        id: of the document's request, of the review or the article.
        is_waiting: it is tried again; otherwise it is set aside.
        failure: a code.
        ended_at: when the attempt ended, with a time zone; None: it is not recorded.
        total: of such errors, also those that are not read.
    """

    id: UUID
    is_waiting: bool
    failure: str
    ended_at: datetime | None
    total: int


@dataclass(frozen=True, slots=True)
class Pipeline:
    """The state of one tenant's pipeline.

    Attributes:
        work: of each operation.
        running: operations that a run is working on for this tenant.
        drafts: the newest extracted drafts.
        published: extracted articles that are published.
        unpublished: those that are drafts.
        extraction_errors: the latest.
        embedding_errors: the latest.
        reviews_are_extracted: loopctl's worker or this project takes the tenant's reviews.
    """

    work: Sequence[WorkStatus]
    running: Collection[str]
    drafts: Sequence[Draft]
    published: int
    unpublished: int
    extraction_errors: Sequence[WorkError]
    embedding_errors: Sequence[WorkError]
    reviews_are_extracted: bool

    @property
    def publish_rate(self) -> float:
        """The part of extracted articles that is published, archived ones left out; 0: none."""
        return self.published / max(1, self.published + self.unpublished)


def read_pipeline(
    connection: TenantConnection, tenant_id: UUID, review_slugs: Collection[str]
) -> Pipeline:
    """Return the state of a tenant's pipeline.

    Args:
        connection: in a transaction of the tenant.
        tenant_id: the tenant.
        review_slugs: slugs of the tenants whose reviews are extracted here.
    """
    [(slug, loopctl_extracts)] = _rows(connection, "tenant_of_pipeline", tenant_id)
    extracts_here = slug in review_slugs and not loopctl_extracts
    [(published, unpublished)] = _rows(connection, "count_extracted", tenant_id)
    running = _rows(connection, "running_operations", tenant_id)
    drafts = connection.cursor(row_factory=class_row(Draft)).execute(
        statement(__package__, "recent_drafts"), {"tenant_id": tenant_id, "drafts": MOST_DRAFTS}
    )
    return Pipeline(
        work=_work(connection, tenant_id, with_new_reviews=extracts_here),
        running=frozenset(operation for (operation,) in running),
        drafts=drafts.fetchall(),
        published=published,
        unpublished=unpublished,
        extraction_errors=_errors(connection, "extraction_errors", tenant_id),
        embedding_errors=_errors(connection, "embedding_errors", tenant_id),
        reviews_are_extracted=extracts_here or loopctl_extracts,
    )


def _work(
    connection: TenantConnection, tenant_id: UUID, *, with_new_reviews: bool
) -> list[WorkStatus]:
    found = list(work_status(connection, tenant_id))
    if not with_new_reviews:
        return found
    [(reviews,)] = _rows(connection, "count_new_reviews", tenant_id)
    return [
        replace(one, pending=one.pending + reviews)
        if one.operation is Operation.EXTRACTION
        else one
        for one in found
    ]


def _rows(connection: TenantConnection, name: str, tenant_id: UUID) -> list[tuple[Any, ...]]:
    return connection.execute(statement(__package__, name), {"tenant_id": tenant_id}).fetchall()


def _errors(connection: TenantConnection, name: str, tenant_id: UUID) -> list[WorkError]:
    cursor = connection.cursor(row_factory=class_row(WorkError))
    parameters = {"tenant_id": tenant_id, "errors": MOST_ERRORS, "days": ERROR_DAYS}
    return cursor.execute(statement(__package__, name), parameters).fetchall()
