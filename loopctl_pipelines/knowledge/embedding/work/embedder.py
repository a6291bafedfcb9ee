"""Embeds the pending articles of many tenants concurrently."""

import threading
from collections.abc import Callable, Generator, Iterable
from contextlib import closing
from dataclasses import dataclass, field

from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.knowledge.embedding.work.guarded_provider import GuardedProvider
from loopctl_pipelines.knowledge.embedding.work.run_settings import OnProgress, RunSettings
from loopctl_pipelines.knowledge.embedding.work.tenant_outcome import TenantOutcome
from loopctl_pipelines.knowledge.embedding.work.tenant_run import TenantRun
from loopctl_pipelines.knowledge.tenant_work.concurrent_tenants import run_concurrently
from loopctl_pipelines.knowledge.tenant_work.connection_slots import ConnectionSlots
from loopctl_pipelines.knowledge.tenant_work.tenant_session import TenantSession
from loopctl_pipelines.llm.openai.limits import ProviderLimits
from loopctl_pipelines.llm.operation import Operation
from loopctl_pipelines.tenants.tenant import Tenant


@dataclass
class Embedder:
    """Embeds articles, for assets and the command line alike.

    Attributes:
        database: loopctl's database.
        provider: makes the vectors, behind the circuit breaker.
        cloak_key: LOOPCTL_CLOAK_KEY, 32 bytes; None: it is not set.
        tenants_at_once: how many tenants are embedded at the same time.
        requests_per_tenant: how many requests of one tenant may be in flight at once.
        on_progress: called for articles that are done, in several threads at once.
        limits: what one request may hold.
        on_end: called for each tenant's outcome.
    """

    database: Database
    provider: GuardedProvider
    cloak_key: bytes | None = field(default=None, repr=False)
    tenants_at_once: int = 32
    requests_per_tenant: int = 4
    on_progress: OnProgress = field(default=lambda _slug, _articles: None, repr=False)
    limits: ProviderLimits = field(default_factory=ProviderLimits)
    on_end: Callable[[TenantOutcome], None] = field(default=lambda _outcome: None, repr=False)

    def embed(
        self, tenants: Iterable[Tenant], run_id: str | None = None
    ) -> Generator[TenantOutcome]:
        """Embed the pending articles of these tenants; yield each tenant's outcome as it ends.

        One tenant's error is in its own outcome. If the caller stops early, requests in flight
        end, their vectors are written, and no further request begins.

        Args:
            tenants: the tenants.
            run_id: the id of the Dagster run, if this is part of one. The sensor then learns of
                each tenant that the run has finished.
        """
        stopped = threading.Event()
        # one connection stays free for the circuit breaker
        slots = ConnectionSlots(max(1, self.database.connections - 1))
        settings = RunSettings(
            self.provider,
            self.cloak_key,
            self.requests_per_tenant,
            stopped.is_set,
            self.on_progress,
            self.limits,
        )
        parts = [
            TenantRun(TenantSession(self.database, tenant, slots.for_tenant()), settings)
            for tenant in tenants
        ]
        outcomes = run_concurrently(
            parts, self.tenants_at_once, stopped, Operation.EMBEDDING, run_id
        )
        with closing(outcomes):
            for outcome in outcomes:
                self.on_end(outcome)
                yield outcome

    def close(self) -> None:
        """Close the provider's connections."""
        self.provider.close()
