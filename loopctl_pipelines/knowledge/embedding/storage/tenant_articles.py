"""What is stored of one tenant's articles; each method is a short transaction of its own."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from functools import partial
from typing import Final, TypeVar

from loopctl_pipelines.database.connection import Database, TenantConnection
from loopctl_pipelines.database.retries import in_tenant_transaction, outlast_outage
from loopctl_pipelines.knowledge.embedding.storage import queries
from loopctl_pipelines.knowledge.embedding.storage.connection_slots import TenantTurns
from loopctl_pipelines.knowledge.embedding.storage.rows import (
    LOCKED,
    EmbeddingSettings,
    LookedAt,
    Pause,
    Standing,
    Vector,
    Written,
)
from loopctl_pipelines.knowledge.embedding.texts.articles import PendingArticle, VectorSpace
from loopctl_pipelines.knowledge.embedding.texts.triage import attempts_of
from loopctl_pipelines.llm.failures import FailureKind, ProviderFailure
from loopctl_pipelines.llm.outcomes import delay_seconds
from loopctl_pipelines.llm.usage import LEDGER_LOCK_SECONDS, UsageEvent, record_usage
from loopctl_pipelines.tenants.tenant import Tenant

ARTICLES_PER_WRITE: Final = 256
"""Articles of one transaction: the vector index takes about a millisecond for each."""

Done = TypeVar("Done")


@dataclass(frozen=True, slots=True)
class TenantArticles:
    """The articles of one tenant.

    Attributes:
        database: where they are.
        tenant: whose they are.
        turns: bounds the statements of all tenants together, so that the breaker, which goes
            past it, never waits behind them for a connection, and this tenant's among them.
        outage_seconds: for how long each method waits for a database that is away.
    """

    database: Database
    tenant: Tenant
    turns: TenantTurns
    outage_seconds: float = 0

    def settings(self) -> EmbeddingSettings:
        """Return the tenant's key and model."""
        return self._run(partial(queries.read_settings, tenant_id=self.tenant.id))

    def count_pending(self) -> int:
        """Return how many articles have to be looked at."""
        return self._run(partial(queries.count_pending, tenant_id=self.tenant.id))

    def pending(self, after: PendingArticle | None) -> list[PendingArticle]:
        """Return the next page of pending articles."""
        return self._run(partial(queries.read_pending, tenant_id=self.tenant.id, after=after))

    def body(self, article: PendingArticle) -> str | None:
        """Return the whole body of an article."""
        return self._run(
            partial(queries.read_body, tenant_id=self.tenant.id, article_id=article.id)
        )

    def note(self, articles: Mapping[PendingArticle, int], noted: LookedAt) -> None:
        """Note what became of articles, each with the attempts it has used."""
        if articles:
            self._run(
                partial(
                    queries.write_states,
                    tenant_id=self.tenant.id,
                    articles=articles,
                    noted=noted,
                )
            )

    def write(
        self,
        articles: Sequence[PendingArticle],
        vectors: Mapping[str, Vector],
        space: VectorSpace,
    ) -> Written:
        """Write vectors by content hash, see `queries.write_vectors`.

        Those of locked articles are kept, and the articles wait: a later run writes them.
        """
        written = Written()
        for start in range(0, len(articles), ARTICLES_PER_WRITE):
            part = articles[start : start + ARTICLES_PER_WRITE]
            made = _vectors_of(part, vectors, space)
            written |= self._run(partial(self._write, articles=part, vectors=made, space=space))
        return written

    def record_usage(self, event: UsageEvent) -> None:
        """Add a billed request to the ledger; wait for a lock for at most a second."""
        self._run(
            partial(record_usage, tenant_id=self.tenant.id, event=event),
            lock_seconds=LEDGER_LOCK_SECONDS,
        )

    def set_aside_pending(self, noted: LookedAt) -> int:
        """Set aside all that is pending, unread, and return how many articles it is."""
        return self._run(partial(queries.set_aside_pending, tenant_id=self.tenant.id, noted=noted))

    def pause(self, pause: Pause, key_version: bytes | None) -> None:
        """Leave the tenant alone for a while, or until its key changes."""
        self._run(
            partial(
                queries.pause_tenant,
                tenant_id=self.tenant.id,
                pause=pause,
                key_version=key_version,
            )
        )

    def end_pauses(self) -> None:
        """End the pauses: the provider has accepted a request, so that its next is the first."""
        self._run(partial(queries.end_pauses, tenant_id=self.tenant.id))

    def block(self, key_version: bytes | None) -> None:
        """Leave the tenant alone until the next UTC day, for want of a key; audited once a day."""
        now = datetime.now(UTC)
        midnight = datetime.combine(now.date() + timedelta(days=1), time(), UTC)
        pause = Pause(ProviderFailure(FailureKind.NO_API_KEY).log_tag, midnight - now)

        def block(connection: TenantConnection) -> None:
            queries.pause_tenant(connection, self.tenant.id, pause, key_version)
            queries.audit_missing_key(connection, self.tenant.id)

        self._run(block)

    def standing(self) -> Standing:
        """Return how the published articles stand."""
        return self._run(partial(queries.read_standing, tenant_id=self.tenant.id))

    def forget_deleted(self) -> None:
        """Remove what is known of articles that no longer exist."""
        self._run(partial(queries.forget_deleted, tenant_id=self.tenant.id))

    def _write(
        self,
        connection: TenantConnection,
        articles: Sequence[PendingArticle],
        vectors: Mapping[str, Vector],
        space: VectorSpace,
    ) -> Written:
        done = queries.write_vectors(connection, self.tenant.id, articles, vectors, space)
        locked = [article for article in articles if article.id in done.locked]
        if locked:
            kept = _vectors_of(locked, vectors, space)
            queries.keep_vectors(connection, self.tenant.id, kept)
            attempts = {article: attempts_of([article], space) + 1 for article in locked}
            delay = timedelta(seconds=delay_seconds(max(attempts.values())))
            noted = LookedAt(space, LOCKED, delay)
            queries.write_states(connection, self.tenant.id, attempts, noted)
        return done

    def _run(
        self, work: Callable[[TenantConnection], Done], *, lock_seconds: float | None = None
    ) -> Done:
        def run() -> Done:
            with self.turns.taken():
                return in_tenant_transaction(
                    self.database, self.tenant.id, work, lock_seconds=lock_seconds
                )

        return outlast_outage(run, self.outage_seconds)


def _vectors_of(
    articles: Iterable[PendingArticle], vectors: Mapping[str, Vector], space: VectorSpace
) -> dict[str, Vector]:
    """Return those of the vectors, by content hash, that are of these articles."""
    hashes = {article.hash_in(space) for article in articles}
    return {name: vectors[name] for name in hashes & vectors.keys()}
