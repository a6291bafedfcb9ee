"""Documents and reviews that are due, as `pending_extractions_sensor` finds them."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from dagster import AssetKey

from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.knowledge.extraction.jobs import EXTRACT_ARTICLES
from loopctl_pipelines.knowledge.extraction.operator_queries import (
    extractions_version,
    forget_deleted_tenants,
    next_extraction_attempt,
    pending_extractions,
)
from loopctl_pipelines.knowledge.extraction.work.extractor import Extractor
from loopctl_pipelines.knowledge.ingestion import operator_queries as ingestion
from loopctl_pipelines.knowledge.tenant_work.sensor_cursor import PendingTenant
from loopctl_pipelines.llm.operation import Operation


@dataclass(frozen=True, slots=True)
class ExtractionQueue:
    """The pending documents and reviews of all tenants.

    Attributes:
        extractor: gives access to the database and to the circuits.
    """

    extractor: Extractor

    operation: ClassVar[Operation] = Operation.EXTRACTION
    job_name: ClassVar[str] = EXTRACT_ARTICLES
    asset_key: ClassVar[AssetKey] = AssetKey("extracted_articles")
    checked_table: ClassVar[str] = "review_records"

    @property
    def database(self) -> Database:
        """Loopctl's database."""
        return self.extractor.database

    def version(self) -> str | None:
        """Return a value that is constant while no document, review, key or model changes."""
        return extractions_version(self.database)

    def next_attempt(self) -> datetime | None:
        """Return when the next document or review that waits is due."""
        return next_extraction_attempt(self.database)

    def pending(self) -> list[PendingTenant]:
        """Return the active tenants that have something due."""
        return pending_extractions(self.database, self.extractor.review_slugs)

    def open_circuits(self) -> Collection[UUID]:
        """Return the tenants whose circuit at the vendor is open."""
        return self.extractor.messages.guard.breaker.open_tenants()

    def clean_up(self) -> None:
        """Remove rows of deleted tenants, and the content of documents kept long enough."""
        forget_deleted_tenants(self.database)
        ingestion.forget_deleted_tenants(self.database)
        ingestion.delete_old_content(self.database, self.extractor.retention_days)
