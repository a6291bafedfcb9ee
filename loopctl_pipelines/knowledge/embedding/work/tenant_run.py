"""Embeds the pending articles of one tenant: reads pages, sends their batches, tells the result."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import chain

import psycopg

from loopctl_pipelines.database.errors import DatabaseUnreachableError
from loopctl_pipelines.database.retries import OUTAGE_SECONDS, cause_of, sqlstate_of
from loopctl_pipelines.knowledge.embedding.errors import (
    EmbeddingCrashError,
    EmbeddingDatabaseError,
    EmbeddingError,
    KeyOrModelRefusedError,
    SecretUnreadableError,
)
from loopctl_pipelines.knowledge.embedding.storage.claim import Claim
from loopctl_pipelines.knowledge.embedding.storage.rows import EmbeddingSettings, LookedAt, Pause
from loopctl_pipelines.knowledge.embedding.storage.tenant_articles import TenantArticles
from loopctl_pipelines.knowledge.embedding.texts.articles import PendingArticle, VectorSpace
from loopctl_pipelines.knowledge.embedding.texts.text import DEFAULT_MODEL
from loopctl_pipelines.knowledge.embedding.texts.triage import Batch, fresh_batches, sort_page
from loopctl_pipelines.knowledge.embedding.work.batch_run import BatchRun
from loopctl_pipelines.knowledge.embedding.work.guarded_provider import GuardedProvider
from loopctl_pipelines.knowledge.embedding.work.refusals import Refusals, Stop
from loopctl_pipelines.knowledge.embedding.work.tenant_outcome import Counts, TenantReport
from loopctl_pipelines.llm.cloak import decrypt
from loopctl_pipelines.llm.failures import FailureKind, ProviderFailure
from loopctl_pipelines.llm.sanitizer import sanitize
from loopctl_pipelines.llm.secret import Secret

# an operator's mistake, mended by the operator: looked at again without being asked
_UNREADABLE_PAUSE = timedelta(hours=1)
_CRASH_PAUSE = timedelta(minutes=10)

OnProgress = Callable[[str, int], None]
"""Called with a tenant's slug and how many more of its articles are done."""


@dataclass(slots=True)
class TenantRun:
    """One tenant's part of a run.

    Attributes:
        articles: where they are.
        provider: who makes vectors.
        cloak_key: LOOPCTL_CLOAK_KEY; None where it is not set.
        requests: how many of this tenant may be in flight at once.
        is_stopped: tells whether the whole run is to end.
        on_progress: told of articles that are done.
    """

    articles: TenantArticles
    provider: GuardedProvider
    cloak_key: bytes | None = field(repr=False)
    requests: int
    is_stopped: Callable[[], bool]
    on_progress: OnProgress

    def run(self) -> TenantReport:
        """Embed what is pending. Whatever goes wrong is in the report, told by closed sets only."""
        slug = self.articles.tenant.slug
        report = TenantReport(slug)
        try:
            claim = Claim(self.articles.database, self.articles.tenant)
            with claim.held(self.is_stopped) as held:
                if held:
                    self._embed(claim, report)
            report.standing = self.articles.standing()
            if report.standing.refusal is not None:
                # also where an earlier run found it: nothing is sent, and the tenant stays red
                report.error = KeyOrModelRefusedError(
                    slug, report.standing.refusal, report.standing.refused
                )
            report.breaker = self.provider.breaker.state(self.articles.tenant.id).state
        except EmbeddingError as error:
            report.error = error
        except (psycopg.Error, DatabaseUnreachableError) as error:
            state = sqlstate_of(error)
            report.error = EmbeddingDatabaseError(slug, cause_of(state), state)
            self._pause_after_crash()
        except Exception as error:  # noqa: BLE001 - its text may hold anything, its kind does not
            report.error = EmbeddingCrashError(slug, sanitize(error))
            self._pause_after_crash()
        return report

    def _embed(self, claim: Claim, report: TenantReport) -> None:
        settings = self.articles.settings()
        key = self._key(settings)
        if key is None:
            self._block(settings, report)
            return
        space = VectorSpace(DEFAULT_MODEL if settings.model is None else settings.model)
        stop = Stop()
        batches = BatchRun(
            # what the provider says is heard once: an outage that comes upon it is waited for
            replace(self.articles, outage_seconds=OUTAGE_SECONDS),
            self.provider,
            claim,
            stop,
            key,
            settings.key_version,
            space,
            Refusals(settings.consecutive_pauses),
        )
        try:
            self._pages(batches, report)
        finally:
            report.failures = batches.failures
            report.stopped = stop.failure
        if stop.failure is not None and stop.refuses_all:
            noted = LookedAt(space, stop.failure.log_tag, key_version=settings.key_version)
            report.counts.set_aside += self.articles.set_aside_pending(noted)
        self.articles.forget_deleted()

    def _pages(self, batches: BatchRun, report: TenantReport) -> None:
        last: PendingArticle | None = None
        with ThreadPoolExecutor(self.requests) as threads:
            while page := self.articles.pending(last):
                batches.claim.keep()
                self._page(page, batches, report, threads)
                if self.is_stopped() or batches.stop.failure is not None:
                    return
                last = page[-1]

    def _page(
        self,
        page: list[PendingArticle],
        batches: BatchRun,
        report: TenantReport,
        threads: ThreadPoolExecutor,
    ) -> None:
        sorted_page = sort_page(page, batches.space, batches.key_version, self.articles.body)
        self.articles.note(dict.fromkeys(sorted_page.embedded, 0), LookedAt(batches.space))
        for tag, articles in sorted_page.still_set_aside.items():
            noted = LookedAt(batches.space, tag, key_version=batches.key_version)
            self.articles.note({article: article.attempts for article in articles}, noted)
        copied = self.articles.write(sorted_page.fresh, {}, batches.space)
        done = Counts(
            unchanged=len(sorted_page.embedded),
            copied=len(copied.written),
            waiting=len(copied.locked),
        )
        self._count(report, done, len(page) - len(sorted_page.fresh) + len(copied.both))
        fresh = [article for article in sorted_page.fresh if article.id not in copied.both]
        to_send = fresh_batches(fresh, batches.space, batches.limits)

        def send(batch: Batch) -> tuple[Counts, int]:
            sent = Counts() if self.is_stopped() else batches.send(batch)
            return sent, sum(map(len, batch.values()))

        if to_send and not report.counts.requests:
            # the first alone: a refused key, a half-open circuit or a batch that is too large to be
            # answered in time costs one request, not as many as may be in flight
            first = to_send[0]
            self._count(report, *send(first))
            tried = set(chain(*first.values()))
            left = [article for article in fresh if article not in tried]
            to_send = fresh_batches(left, batches.space, batches.limits)
        for sent, size in threads.map(send, to_send):
            self._count(report, sent, size)

    def _count(self, report: TenantReport, counts: Counts, articles: int) -> None:
        report.counts.add(counts)
        self.on_progress(report.slug, articles)

    def _pause_after_crash(self) -> None:
        """Keep the sensor from asking for the same failure at every tick; a person may at once."""
        with suppress(psycopg.Error, DatabaseUnreachableError):
            self._pause(FailureKind.CRASH, _CRASH_PAUSE, self.articles.settings())

    def _pause(self, why: FailureKind, delay: timedelta, settings: EmbeddingSettings) -> None:
        """Leave the tenant alone for a reason that is not the provider's limit."""
        pause = Pause(ProviderFailure(why).log_tag, delay, settings.consecutive_pauses)
        self.articles.pause(pause, settings.key_version)

    def _key(self, settings: EmbeddingSettings) -> Secret | None:
        if settings.encrypted_key is None:
            return None
        key = self.cloak_key and decrypt(settings.encrypted_key, self.cloak_key)
        if not key:
            self._pause(FailureKind.UNUSABLE_KEY, _UNREADABLE_PAUSE, settings)
            raise SecretUnreadableError(self.articles.tenant.slug)
        return key if key.reveal().strip() else None

    def _block(self, settings: EmbeddingSettings, report: TenantReport) -> None:
        report.counts.blocked = self.articles.count_pending()
        if report.counts.blocked:
            self.articles.block(settings.key_version)
            self.on_progress(report.slug, report.counts.blocked)
