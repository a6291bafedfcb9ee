"""Extracts the pending documents and reviews of many tenants concurrently."""

import threading
from collections.abc import Callable, Collection, Generator, Iterable
from contextlib import closing
from dataclasses import dataclass, field

from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.knowledge.extraction.operator_queries import slugs_extracted_by_loopctl
from loopctl_pipelines.knowledge.extraction.work.document_contents import DocumentContents
from loopctl_pipelines.knowledge.extraction.work.run_settings import OnProgress, RunSettings
from loopctl_pipelines.knowledge.extraction.work.tenant_outcome import TenantOutcome
from loopctl_pipelines.knowledge.extraction.work.tenant_run import TenantRun
from loopctl_pipelines.knowledge.tenant_work.concurrent_tenants import run_concurrently
from loopctl_pipelines.knowledge.tenant_work.connection_slots import ConnectionSlots
from loopctl_pipelines.knowledge.tenant_work.tenant_session import TenantSession
from loopctl_pipelines.llm.anthropic.tenant_messages import TenantMessages
from loopctl_pipelines.llm.operation import Operation
from loopctl_pipelines.tenants.tenant import Tenant


@dataclass
class Extractor:
    """Extracts articles, for assets and the command line alike.

    Attributes:
        database: loopctl's database.
        messages: asks the model, behind the circuit breaker.
        contents: reads and fetches documents.
        retention_days: how long a document is kept after it is done.
        review_slugs: tenants whose reviews are extracted: LOOPCTL_EXTRACT_REVIEWS.
        tenants_at_once: how many tenants are worked on at the same time.
        requests_per_tenant: how many requests of one tenant may be in flight at once.
        on_progress: called for handled documents and reviews, in several threads at once.
        on_end: called for each tenant's outcome.
    """

    database: Database
    messages: TenantMessages
    contents: DocumentContents
    retention_days: int = 30
    review_slugs: Collection[str] = ()
    tenants_at_once: int = 32
    requests_per_tenant: int = 8
    on_progress: OnProgress = field(default=lambda _slug, _sources: None, repr=False)
    on_end: Callable[[TenantOutcome], None] = field(default=lambda _outcome: None, repr=False)

    def extract(
        self, tenants: Iterable[Tenant], run_id: str | None = None
    ) -> Generator[TenantOutcome]:
        """Work on what is due of these tenants; yield each tenant's outcome as it ends.

        One tenant's error is in its own outcome. If the caller stops early, requests in flight
        end, their results are stored, and no further request begins.

        Args:
            tenants: the tenants.
            run_id: the id of the Dagster run, if this is part of one. The sensor then learns of
                each tenant that the run has finished.
        """
        stopped = threading.Event()
        # one connection stays free for the circuit breaker
        slots = ConnectionSlots(max(1, self.database.connections - 1))
        settings = RunSettings(
            self.messages,
            self.contents,
            self.review_slugs,
            slugs_extracted_by_loopctl(self.database, self.review_slugs),
            self.requests_per_tenant,
            threading.BoundedSemaphore(self.messages.guard.requests),
            stopped.is_set,
            self.on_progress,
        )
        parts = [
            TenantRun(TenantSession(self.database, tenant, slots.for_tenant()), settings)
            for tenant in tenants
        ]
        outcomes = run_concurrently(
            parts, self.tenants_at_once, stopped, Operation.EXTRACTION, run_id
        )
        with closing(outcomes):
            for outcome in outcomes:
                self.on_end(outcome)
                yield outcome

    def close(self) -> None:
        """Close the connections to the vendor and to documents' servers."""
        self.messages.provider.close()
        self.contents.close()
