"""What the metrics count across tenants. Returns ids, names of models, times and counts only."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.database.statements import statement
from loopctl_pipelines.knowledge.extraction.operator_queries import pending_extractions
from loopctl_pipelines.llm.usage_summary import UsageSum


@dataclass(frozen=True, slots=True)
class Queue:
    """What is pending for a tenant.

    Attributes:
        tenant_id: the tenant.
        items: articles, documents or reviews.
        oldest: since when the oldest of them waits, with a time zone; None: the tenant has no key.
        without_key: how many of them the tenant has no key for; counted for embeddings only.
    """

    tenant_id: UUID
    items: int
    oldest: datetime | None
    without_key: int = 0


def embedding_queue(database: Database) -> list[Queue]:
    """Return the articles that are pending, by tenant."""
    return [Queue(*row) for row in _rows(database, "embedding_queue")]


def extraction_queue(database: Database, review_slugs: Collection[str]) -> list[Queue]:
    """Return the documents and reviews that are due, by tenant.

    Args:
        database: loopctl's database.
        review_slugs: tenants whose reviews are extracted here.
    """
    pending = pending_extractions(database, review_slugs)
    return [Queue(one.tenant_id, one.items, one.oldest) for one in pending]


def ingestion_queue(database: Database) -> list[Queue]:
    """Return the documents that are not done, by tenant."""
    return [Queue(*row) for row in _rows(database, "ingestion_queue")]


def paused_operations(database: Database) -> list[tuple[UUID, str]]:
    """Return (tenant id, operation) of what is paused."""
    return _rows(database, "paused_operations")


def opened_circuits(database: Database) -> list[tuple[UUID, str, bool]]:
    """Return (tenant id, vendor, whether it is open) of the circuits that are not closed."""
    return _rows(database, "opened_circuits")


def billed_requests(database: Database, first: datetime) -> list[tuple[UUID, UsageSum]]:
    """Return what tenants were billed for, by tenant and day.

    Args:
        database: loopctl's database.
        first: the first UTC day's start, naive.
    """
    rows = _rows(database, "billed_requests", {"first": first})
    return [(tenant_id, UsageSum(*summed)) for tenant_id, *summed in rows]


def blocked_operations(database: Database) -> list[tuple[UUID, str, int]]:
    """Return (tenant id, operation, how often) of what lacked a key in this UTC month."""
    return _rows(database, "blocked_operations")


def _rows(
    database: Database, name: str, parameters: Mapping[str, object] | None = None
) -> list[tuple[Any, ...]]:
    with database.operator_transaction() as connection:
        return connection.execute(statement(__package__, name), parameters or {}).fetchall()
