"""All documents and reviews of one tenant that are due."""

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Final
from uuid import UUID

from loopctl_pipelines.knowledge.articles.projects import project_exists
from loopctl_pipelines.knowledge.extraction.storage import queries
from loopctl_pipelines.knowledge.extraction.storage.rows import Document, Review, SourceState
from loopctl_pipelines.knowledge.extraction.work.run_settings import RunSettings
from loopctl_pipelines.knowledge.extraction.work.source_run import Accepted, SourceRun, finish
from loopctl_pipelines.knowledge.extraction.work.sources import (
    Source,
    document_source,
    review_source,
)
from loopctl_pipelines.knowledge.extraction.work.tenant_outcome import Counts, TenantOutcome
from loopctl_pipelines.knowledge.extraction.work.text_locks import TextLocks
from loopctl_pipelines.knowledge.extraction.work.text_run import TextRun
from loopctl_pipelines.knowledge.tenant_work.claim import Claim
from loopctl_pipelines.knowledge.tenant_work.pauses import end_pauses
from loopctl_pipelines.knowledge.tenant_work.stop import Stop
from loopctl_pipelines.knowledge.tenant_work.tenant_session import TenantSession
from loopctl_pipelines.llm.anthropic.tenant_messages import TenantAccess
from loopctl_pipelines.llm.failures import ProviderFailure
from loopctl_pipelines.llm.operation import Operation

UNKNOWN_PROJECT: Final = "unknown_project"
"""Why a document failed whose project the tenant does not have."""

_WriteState = Callable[[SourceState], None]


@dataclass(frozen=True, slots=True)
class _Started:
    """A source whose texts are under way.

    Attributes:
        run: works on its texts.
        access: the tenant's key and models, as they were at its start.
        done: what to count if it ends well.
        write: stores its end.
    """

    run: SourceRun
    access: TenantAccess
    done: Counts
    write: _WriteState


class TenantSources:
    """Works on a tenant's sources in their order, on as many texts at a time as the tenant may.

    The next source begins while texts of the one before are under way, if those are too few.
    """

    def __init__(
        self,
        session: TenantSession,
        claim: Claim,
        settings: RunSettings,
        outcome: TenantOutcome,
        threads: ThreadPoolExecutor,
    ) -> None:
        self.stop = Stop()
        self.access: TenantAccess | None = None
        self._session = session
        self._claim = claim
        self._settings = settings
        self._outcome = outcome
        self._threads = threads
        self._started: deque[_Started] = deque()
        self._locks = TextLocks()
        self.accepted = Accepted(lambda: session.run(end_pauses, Operation.EXTRACTION))

    def run_documents(self) -> None:
        """Work on the documents that are due.

        Raises:
            ClaimLostError: if another run has the tenant now.
            psycopg.Error: if the database fails, or its outage lasts.
            DatabaseUnreachableError: if it cannot be reached.
        """
        with self._finished():
            last: Document | None = None
            while documents := self._session.run(queries.read_documents, last):
                for document in documents:
                    if self._is_over():
                        return
                    self._run_document(document)
                last = documents[-1]

    def run_reviews(self) -> None:
        """Work on the reviews that are due.

        Raises:
            ClaimLostError: as `run_documents`.
            psycopg.Error: likewise.
            DatabaseUnreachableError: likewise.
        """
        with self._finished():
            last: Review | None = None
            while reviews := self._session.run(queries.read_reviews, last):
                for review in reviews:
                    if self._is_over():
                        return
                    if self._session.run(queries.review_exists, review.id):
                        write = partial(self._write_review, review.id)
                        source = review_source(review)
                        self._run(source, review.attempts, Counts(reviews=1), write)
                last = reviews[-1]

    def _is_over(self) -> bool:
        return self._settings.is_stopped() or self.stop.reason is not None

    def _run_document(self, document: Document) -> None:
        write = partial(self._write_document, document.id)
        if self._has_foreign_project(document):
            self._end(SourceState(UNKNOWN_PROJECT, None, document.attempts + 1), write)
            return
        content = self._settings.contents.read(self._session, document)
        if isinstance(content, SourceState):
            self._end(content, write)
        elif content is not None:
            source = document_source(document, content.text, content.text_hash)
            self._run(source, document.attempts, Counts(documents=1), write)

    def _has_foreign_project(self, document: Document) -> bool:
        project = document.project_id
        return project is not None and not self._session.run(project_exists, project)

    def _run(self, source: Source, attempts: int, done: Counts, write: _WriteState) -> None:
        access = self._key()
        if access is None:
            return
        text_run = TextRun(
            self._session,
            self._claim,
            self._settings.messages,
            self._locks,
            self._settings.unwritten,
            access.settings.model(Operation.EXTRACTION),
            source.prompt,
            source.target,
            self.stop,
        )
        run = SourceRun(source, attempts, text_run, self._threads, self.accepted)
        self._started.append(_Started(run, access, done, write))
        run.start()
        while self._started and not self._is_first_under_way_with_room():
            self._finish_first()

    def _is_first_under_way_with_room(self) -> bool:
        """Return whether the next source may begin before the first one has ended.

        Until a request was accepted, sources go one by one.
        """
        pending = [len(each.run.pending) for each in self._started]
        has_room = self.accepted.requests > 0 and sum(pending) < self._settings.requests
        return has_room and pending[0] > 0

    def _finish_first(self) -> None:
        first, *others = self._started
        result = finish(first.run, [each.run for each in others])
        self._started.popleft()
        self._add(result.counts, first.access)
        self._outcome.failures.update(failure.log_tag for failure in result.failures)
        if result.state is not None:
            self._end(result.state, first.write, first.done)

    @contextmanager
    def _finished(self) -> Iterator[None]:
        """Finish the sources that the block has started; after an error, let no text begin."""
        try:
            yield
            while self._started:
                self._finish_first()
        finally:
            for each in self._started:
                for text in each.run.pending:
                    text.cancel()
            self._started.clear()

    def _end(self, state: SourceState, write: _WriteState, done: Counts | None = None) -> None:
        """Store how a source ended, and count it."""
        write(state)
        if state.delay is not None:
            done = Counts(waiting=1)
        elif state.failure is not None:
            done = Counts(failed=1)
        self._outcome.counts.add(done or Counts())
        self._settings.on_progress(self._outcome.slug, 1)

    def _key(self) -> TenantAccess | None:
        """Return the tenant's key, read anew for each source: it may be removed meanwhile."""
        access = self._settings.messages.access(
            self._session.tenant.id, self._outcome.slug, Operation.EXTRACTION
        )
        if isinstance(access, ProviderFailure):
            self.stop.because(access)
            return None
        self.access = access
        return access

    def _add(self, counts: Counts, access: TenantAccess) -> None:
        self._outcome.counts.add(counts)
        model = access.settings.model(Operation.EXTRACTION)
        tokens_in, tokens_out = self._outcome.models.get(model, (0, 0))
        if counts.input_tokens or counts.output_tokens:
            self._outcome.models[model] = (
                tokens_in + counts.input_tokens,
                tokens_out + counts.output_tokens,
            )

    def _write_document(self, document_id: UUID, state: SourceState) -> None:
        self._session.run(queries.write_document_state, document_id, state)

    def _write_review(self, review_id: UUID, state: SourceState) -> None:
        self._session.run(queries.write_review_state, review_id, state)
