"""Extraction's queries across tenants. They return ids, slugs, counts and times only."""

from collections.abc import Collection
from datetime import datetime

from psycopg.rows import class_row

from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.database.statements import statement
from loopctl_pipelines.knowledge.tenant_work.operator_queries import changes_version
from loopctl_pipelines.knowledge.tenant_work.sensor_cursor import PendingTenant

_TABLES = (
    "loopctl_pipelines.ingestion_requests",
    "review_records",
    "tenant_llm_settings",
    "tenants",
)


def pending_extractions(database: Database, review_slugs: Collection[str]) -> list[PendingTenant]:
    """Return the active tenants that have documents or reviews that are due.

    Args:
        database: loopctl's database.
        review_slugs: tenants whose reviews are extracted here.
    """
    with database.operator_transaction() as connection:
        cursor = connection.cursor(row_factory=class_row(PendingTenant))
        parameters = {"review_slugs": list(review_slugs)}
        return cursor.execute(statement(__package__, "pending_extractions"), parameters).fetchall()


def next_extraction_attempt(database: Database) -> datetime | None:
    """Return when the next document or review that waits is due; None: none waits."""
    with database.operator_transaction() as connection:
        row = connection.execute(statement(__package__, "next_extraction_attempt")).fetchone()
    return row[0] if row else None


def forget_deleted_tenants(database: Database) -> None:
    """Remove our own rows about tenants that no longer exist, completed documents included."""
    with database.operator_transaction() as connection:
        connection.execute(statement(__package__, "forget_deleted_tenants"))


def extractions_version(database: Database) -> str | None:
    """Return a value that is constant while no document, review, key or model changes."""
    return changes_version(database, _TABLES)


def slugs_extracted_by_loopctl(database: Database, slugs: Collection[str]) -> frozenset[str]:
    """Return those of these tenants whose reviews loopctl's own worker extracts."""
    with database.operator_transaction() as connection:
        rows = connection.execute(
            statement(__package__, "slugs_extracted_by_loopctl"), {"slugs": list(slugs)}
        )
        return frozenset(slug for (slug,) in rows)
