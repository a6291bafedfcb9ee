"""Embeds the pending articles of a tenant that has a key: read, triage, send in batches."""

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import chain

from loopctl_pipelines.knowledge.embedding.storage import queries
from loopctl_pipelines.knowledge.embedding.storage.rows import ArticleState, WriteResult
from loopctl_pipelines.knowledge.embedding.storage.vectors import write_in_parts
from loopctl_pipelines.knowledge.embedding.texts.articles import PendingArticle
from loopctl_pipelines.knowledge.embedding.texts.triage import (
    Batch,
    Triage,
    fresh_batches,
    triage_articles,
)
from loopctl_pipelines.knowledge.embedding.work.batch_run import BatchRun
from loopctl_pipelines.knowledge.embedding.work.rejections import Rejections
from loopctl_pipelines.knowledge.embedding.work.run_settings import RunSettings
from loopctl_pipelines.knowledge.embedding.work.tenant_embedding import TenantEmbedding
from loopctl_pipelines.knowledge.embedding.work.tenant_outcome import (
    BatchOutcome,
    Counts,
    TenantOutcome,
)
from loopctl_pipelines.knowledge.tenant_work.stop import Stop
from loopctl_pipelines.llm.failures import FailureKind


class ArticleRun:
    """All pending articles of one tenant. One thread runs it; its batches run in others."""

    def __init__(
        self,
        embedding: TenantEmbedding,
        settings: RunSettings,
        outcome: TenantOutcome,
        pauses_before: int,
    ) -> None:
        """Take the tenant, the settings of the run, and the outcome that `run` adds to.

        Args:
            embedding: the tenant.
            settings: what all tenants have in common.
            outcome: the tenant's, so far.
            pauses_before: pauses in a row that the provider asked for before this run.
        """
        self._embedding = embedding
        self._settings = settings
        self._limits = settings.limits
        self._outcome = outcome
        self._stop = Stop()
        self._rejections = Rejections(pauses_before)

    def run(self) -> None:
        """Embed what is pending, until none is left or a failure ends the work early.

        Raises:
            ClaimLostError: if another run has the tenant now.
            psycopg.Error: if the database fails, or its outage lasts.
            DatabaseUnreachableError: if it cannot be reached.
        """
        session = self._embedding.session
        try:
            self._read_and_embed()
        finally:
            reason = self._stop.reason
            self._outcome.stopped = None if reason is None else reason.failure
        if reason is not None and reason.rejects_all:
            state = self._embedding.rejected_state(reason.failure)
            self._outcome.counts.set_aside += session.run(queries.set_aside_pending, state)
        session.run(queries.forget_deleted)

    def _read_and_embed(self) -> None:
        last: PendingArticle | None = None
        with ThreadPoolExecutor(self._settings.requests) as threads:
            while articles := self._embedding.session.run(queries.read_pending, last):
                self._embedding.claim.keep()
                self._embed(articles, threads)
                if self._settings.is_stopped() or self._stop.reason is not None:
                    return
                last = articles[-1]

    def _embed(self, articles: Sequence[PendingArticle], threads: ThreadPoolExecutor) -> None:
        embedding = self._embedding
        triage = triage_articles(articles, embedding.space, embedding.key_version, self._read_body)
        self._store_triage(triage)
        copied = write_in_parts(embedding.session, triage.fresh, {}, embedding.space)
        self._count_without_request(articles, triage, copied)
        to_send = [article for article in triage.fresh if article.id not in copied.settled]
        if to_send and not self._outcome.counts.requests:
            # the first batch alone: a rejected key, a half-open circuit or a batch too large to be
            # answered in time costs one request, not as many as may be in flight
            first = self._batches(to_send)[0]
            self._count(self._send(first), _size(first))
            sent = set(chain(*first.values()))
            to_send = [article for article in to_send if article not in sent]
        batches = self._batches(to_send)
        for batch, outcome in zip(batches, threads.map(self._send, batches), strict=True):
            self._count(outcome, _size(batch))

    def _read_body(self, article: PendingArticle) -> str | None:
        return self._embedding.session.run(queries.read_body, article.id)

    def _store_triage(self, triage: Triage) -> None:
        """Store what is known without a request, so that these articles are no longer pending."""
        embedding = self._embedding
        states = [(dict.fromkeys(triage.embedded, 0), ArticleState(embedding.space))]
        for tag, articles in triage.still_set_aside.items():
            state = ArticleState(embedding.space, tag, key_version=embedding.key_version)
            states.append(({article: article.attempts for article in articles}, state))
        for attempts, state in states:
            if attempts:
                embedding.session.run(queries.write_states, attempts, state)

    def _count_without_request(
        self, articles: Sequence[PendingArticle], triage: Triage, copied: WriteResult
    ) -> None:
        counts = Counts(
            unchanged=len(triage.embedded),
            copied=len(copied.written),
            waiting=len(copied.locked),
        )
        done = len(articles) - len(triage.fresh) + len(copied.settled)
        self._count(BatchOutcome(counts), done)

    def _batches(self, articles: Iterable[PendingArticle]) -> list[Batch]:
        # after one late answer, smaller batches: another one as large would most likely be late as
        # well, billed all the same, and the third late answer opens the circuit
        late = FailureKind.TIMEOUT in self._outcome.failures
        limits = self._limits.with_at_most(self._embedding.endpoint.most_texts)
        limits = limits.after_attempts(1 if late else 0)
        return fresh_batches(list(articles), self._embedding.space, limits)

    def _send(self, batch: Batch) -> BatchOutcome:
        if self._settings.is_stopped():
            return BatchOutcome()
        return BatchRun(self._embedding, batch, self._limits, self._stop, self._rejections).run()

    def _count(self, outcome: BatchOutcome, articles: int) -> None:
        self._outcome.add(outcome)
        self._settings.on_progress(self._outcome.slug, articles)


def _size(batch: Batch) -> int:
    return sum(map(len, batch.values()))
