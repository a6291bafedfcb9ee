"""Embeds the pending articles of many tenants, side by side."""

import threading
from collections.abc import Generator, Iterable
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import suppress
from dataclasses import dataclass, field

import psycopg

from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.database.errors import DatabaseUnreachableError
from loopctl_pipelines.knowledge.embedding.operator_queries import finish_embedding
from loopctl_pipelines.knowledge.embedding.storage.connection_slots import Turns
from loopctl_pipelines.knowledge.embedding.storage.tenant_articles import TenantArticles
from loopctl_pipelines.knowledge.embedding.work.guarded_provider import GuardedProvider
from loopctl_pipelines.knowledge.embedding.work.tenant_outcome import TenantReport
from loopctl_pipelines.knowledge.embedding.work.tenant_run import OnProgress, TenantRun
from loopctl_pipelines.tenants.tenant import Tenant


@dataclass
class Embedder:
    """The embedding work, for assets and the command line alike.

    Attributes:
        database: where the articles are.
        provider: who makes vectors, behind the breaker.
        cloak_key: LOOPCTL_CLOAK_KEY, 32 bytes; None where it is not set.
        tenants_at_once: how many tenants are worked on at the same time.
        requests_per_tenant: how many requests of one tenant may be in flight at once.
        on_progress: told of articles that are done, from any thread.
    """

    database: Database
    provider: GuardedProvider
    cloak_key: bytes | None = field(default=None, repr=False)
    tenants_at_once: int = 32
    requests_per_tenant: int = 4
    on_progress: OnProgress = field(default=lambda _slug, _articles: None, repr=False)

    def embed(
        self, tenants: Iterable[Tenant], run_id: str | None = None
    ) -> Generator[TenantReport]:
        """Embed what is pending of these tenants and yield each tenant's report as it ends.

        One tenant's trouble is in its own report. Where the caller stops early, requests under way
        end, what they bring is written, and nothing further is begun.

        Args:
            tenants: whose articles.
            run_id: Dagster's id of the run that this is the work of, if it is of one: the sensor is
                told of each tenant that the run is done with.
        """
        stopped = threading.Event()
        turns = Turns(max(1, self.database.connections - 1))
        threads = ThreadPoolExecutor(self.tenants_at_once, thread_name_prefix="tenant")
        try:
            running = [
                threads.submit(
                    self._run,
                    TenantRun(
                        TenantArticles(self.database, tenant, turns.of_a_tenant()),
                        self.provider,
                        self.cloak_key,
                        self.requests_per_tenant,
                        stopped.is_set,
                        self.on_progress,
                    ),
                    run_id,
                )
                for tenant in tenants
            ]
            for ended in as_completed(running):
                yield ended.result()
        finally:
            stopped.set()
            threads.shutdown(wait=True, cancel_futures=True)

    def _run(self, work: TenantRun, run_id: str | None) -> TenantReport:
        report = work.run()
        if run_id is not None:
            # or the tenant counts as in flight until the run ends
            with suppress(psycopg.Error, DatabaseUnreachableError):
                finish_embedding(self.database, run_id, work.articles.tenant.id)
        return report

    def close(self) -> None:
        """Close the provider's connections."""
        self.provider.close()
