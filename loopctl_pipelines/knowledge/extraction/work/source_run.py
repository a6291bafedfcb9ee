"""One source: its texts are worked on side by side, then its end is stored."""

import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field

from loopctl_pipelines.knowledge.extraction.storage.rows import SourceState
from loopctl_pipelines.knowledge.extraction.work.source_end import source_end, stops_tenant
from loopctl_pipelines.knowledge.extraction.work.sources import Source
from loopctl_pipelines.knowledge.extraction.work.tenant_outcome import Counts
from loopctl_pipelines.knowledge.extraction.work.text_run import TextOutcome, TextRun
from loopctl_pipelines.llm.failures import ProviderFailure


@dataclass(slots=True)
class Accepted:
    """Whether a request of the tenant's run was accepted. Only one thread uses it.

    Attributes:
        requests: how many were.
        on_first: called once, after the first one.
    """

    on_first: Callable[[], None]
    requests: int = 0

    def add(self, requests: int) -> None:
        """Count accepted requests."""
        if requests and not self.requests:
            self.on_first()
        self.requests += requests


@dataclass(slots=True)
class SourceOutcome:
    """What one source came to.

    Attributes:
        counts: its texts and articles.
        failures: of its texts.
        state: what to store; None: the tenant's work ended early, and the source is still due.
    """

    counts: Counts = field(default_factory=Counts)
    failures: list[ProviderFailure] = field(default_factory=list)
    state: SourceState | None = None


@dataclass(frozen=True, slots=True)
class SourceRun:
    """The texts of one source, and its end.

    Attributes:
        source: a document or a review.
        attempts: used before this run.
        text_run: works on its texts.
        threads: run it.
        accepted: what the tenant's run has seen accepted so far.
    """

    source: Source
    attempts: int
    text_run: TextRun
    threads: ThreadPoolExecutor
    accepted: Accepted

    def run(self) -> SourceOutcome:
        """Work on all texts, and return what they came to.

        Until a request was accepted, texts go one by one: a rejected key or a half-open circuit
        then costs one request, not as many as may be in flight.

        Raises:
            ClaimLostError: as `TextRun.run`.
            psycopg.Error: likewise.
            DatabaseUnreachableError: likewise.
        """
        result = SourceOutcome(Counts(cut_chunks=self.source.cut))
        stop = self.text_run.stop
        parts = list(self.source.parts)
        while parts and not self.accepted.requests and stop.reason is None:
            self._add(self.text_run.run(parts.pop(0)), result)
        running = [self.threads.submit(self.text_run.run, part) for part in parts]
        try:
            # as they end, because a slow text must not hide that another one stops the tenant
            for ended in as_completed(running):
                self._add(ended.result(), result)
        finally:
            for each in running:
                each.cancel()
        if stop.reason is None:
            jitter = random.random()  # noqa: S311 - spreads retries, guards nothing
            result.state = source_end(result.failures, self.attempts, result.counts, jitter=jitter)
        return result

    def _add(self, outcome: TextOutcome, result: SourceOutcome) -> None:
        result.counts.add(outcome.counts)
        self.accepted.add(outcome.counts.requests)
        if outcome.failure is None or not outcome.was_sent:
            return
        result.failures.append(outcome.failure)
        if stops_tenant(outcome.failure, accepted=self.accepted.requests > 0):
            self.text_run.stop.because(outcome.failure)
