"""One source: its texts are worked on side by side, then its end is known."""

import random
from collections.abc import Callable, Collection, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
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


@dataclass(slots=True)
class SourceRun:
    """The texts of one source, and its end. Only one thread uses it, and hands its texts to others.

    Attributes:
        source: a document or a review.
        attempts: used before this run.
        text_run: works on its texts.
        threads: run it.
        accepted: what the tenant's run has seen accepted so far.
        pending: texts under way.
    """

    source: Source
    attempts: int
    text_run: TextRun
    threads: ThreadPoolExecutor
    accepted: Accepted
    pending: set[Future[TextOutcome]] = field(default_factory=set)
    _outcome: SourceOutcome = field(default_factory=SourceOutcome)
    _is_cut_short: bool = False

    def start(self) -> None:
        """Put the texts under way.

        Until a request was accepted, texts go one by one: a rejected key or a half-open circuit
        then costs one request, not as many as may be in flight.

        Raises:
            ClaimLostError: as `TextRun.run`.
            psycopg.Error: likewise.
            DatabaseUnreachableError: likewise.
        """
        self._outcome.counts.add(Counts(cut_chunks=self.source.cut))
        parts = list(self.source.parts)
        while parts and not self.accepted.requests and self.text_run.stop.reason is None:
            self._add(self.text_run.run(parts.pop(0)))
        self.pending = {self.threads.submit(self.text_run.run, part) for part in parts}

    def take(self, ended: Collection[Future[TextOutcome]]) -> None:
        """Add what its texts among these came to; raises as `start` does."""
        for text in self.pending.intersection(ended):
            self.pending.discard(text)
            self._add(text.result())

    def end(self) -> SourceOutcome:
        """Return what the source came to, once no text is pending.

        It is still due if a text was not tried, or says that no other one should be.
        """
        if not self._is_cut_short:
            jitter = random.random()  # noqa: S311 - spreads retries, guards nothing
            done = self._outcome
            done.state = source_end(done.failures, self.attempts, done.counts, jitter=jitter)
        return self._outcome

    def _add(self, outcome: TextOutcome) -> None:
        self._outcome.counts.add(outcome.counts)
        self.accepted.add(outcome.counts.requests)
        if outcome.failure is None:
            return
        if not outcome.was_sent:
            self._is_cut_short = True
            return
        self._outcome.failures.append(outcome.failure)
        if stops_tenant(outcome.failure, accepted=self.accepted.requests > 0):
            self._is_cut_short = True
            self.text_run.stop.because(outcome.failure)


def finish(run: SourceRun, others: Iterable[SourceRun]) -> SourceOutcome:
    """Wait for the texts of a source, and return what they came to.

    Texts of the other sources are added as they end, too: a slow text must not hide that another
    one stops the tenant.

    Raises:
        ClaimLostError: as `SourceRun.start`.
        psycopg.Error: likewise.
        DatabaseUnreachableError: likewise.
    """
    runs = [run, *others]
    while run.pending:
        pending = set().union(*(each.pending for each in runs))
        ended, _ = wait(pending, return_when=FIRST_COMPLETED)
        for each in runs:
            each.take(ended)
    return run.end()
