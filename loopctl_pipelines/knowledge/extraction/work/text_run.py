"""One text: its result is found or paid for, and stored with its articles."""

from dataclasses import dataclass, replace
from threading import BoundedSemaphore

from psycopg.errors import ForeignKeyViolation

from loopctl_pipelines.database.retries import OUTAGE_SECONDS, outlast_outage
from loopctl_pipelines.knowledge.extraction.storage.articles import (
    StoredArticles,
    new_articles,
    store,
    store_result,
)
from loopctl_pipelines.knowledge.extraction.storage.queries import NotExtracted, find_extraction
from loopctl_pipelines.knowledge.extraction.storage.rows import Made, Part, Target, TextKey
from loopctl_pipelines.knowledge.extraction.texts.extracted import Extraction, read_extraction
from loopctl_pipelines.knowledge.extraction.texts.prompts import Prompt, text_hash
from loopctl_pipelines.knowledge.extraction.work.tenant_outcome import Counts
from loopctl_pipelines.knowledge.extraction.work.text_locks import TextLocks
from loopctl_pipelines.knowledge.tenant_work.claim import Claim
from loopctl_pipelines.knowledge.tenant_work.stop import Stop
from loopctl_pipelines.knowledge.tenant_work.tenant_session import TenantSession
from loopctl_pipelines.llm.anthropic.message_request import MessageRequest
from loopctl_pipelines.llm.anthropic.tenant_messages import TenantMessages, billed
from loopctl_pipelines.llm.failures import FailureKind, ProviderFailure
from loopctl_pipelines.llm.operation import Operation
from loopctl_pipelines.llm.usage import LEDGER_LOCK_SECONDS, UsageEvent, best_effort, record_usage


@dataclass(frozen=True, slots=True)
class TextOutcome:
    """What one text came to.

    Attributes:
        counts: of this text.
        failure: why it has no result; None: it has one, perhaps an empty one.
        was_sent: whether it was tried at all.
    """

    counts: Counts
    failure: ProviderFailure | None = None
    was_sent: bool = True


@dataclass(frozen=True, slots=True)
class TextRun:
    """The texts of one source. Threads may share it.

    Attributes:
        session: the tenant's statements.
        claim: on the tenant; held.
        messages: asks the model.
        locks: of the tenant's texts.
        unwritten: held from the request until its result is written.
        model: that is asked: one for all texts of a source.
        prompt: what is asked.
        target: what the articles have in common.
        stop: ends the tenant's work early.
    """

    session: TenantSession
    claim: Claim
    messages: TenantMessages
    locks: TextLocks
    unwritten: BoundedSemaphore
    model: str
    prompt: Prompt
    target: Target
    stop: Stop

    def run(self, part: Part) -> TextOutcome:
        """Extract one text's articles, unless the tenant's work has ended early.

        Raises:
            ClaimLostError: if another run has the tenant now.
            psycopg.Error: if the database fails, or its outage lasts.
            DatabaseUnreachableError: if its outage lasts.
        """
        request = self.prompt.request(self.model, part.text)
        key = TextKey(text_hash(self.prompt, request), self.model, self.prompt.version)
        with self.locks.of(key.text_hash), self.unwritten:
            # the key is read anew for each text: one that was removed or changed is not used
            found = self._patient.run(find_extraction, key, self.messages.guard.breaker)
            if isinstance(found, Extraction):
                return self._store(part, Made(key, found))
            if self.stop.reason is not None:
                return TextOutcome(Counts(), self.stop.reason.failure, was_sent=False)
            outlast_outage(self.claim.keep)
            made = self._ask(request, key, found)
            return made if isinstance(made, TextOutcome) else self._store(part, made)

    def _ask(
        self, request: MessageRequest, key: TextKey, found: NotExtracted
    ) -> Made | TextOutcome:
        source_type, tenant = self.target.source_type, self.session.tenant
        access = self.messages.opened(tenant.id, tenant.slug, Operation.EXTRACTION, found.settings)
        if isinstance(access, ProviderFailure):
            return TextOutcome(Counts(chunks=1), access)
        answer = self.messages.call(access, request, found.permit, source_type=source_type)
        event = billed(request, answer, source_type)
        if isinstance(answer.result, ProviderFailure):
            return TextOutcome(_failed(event), answer.result)
        extraction = read_extraction(answer.result, self.prompt.most_articles)
        if extraction is not None:
            return Made(key, extraction, event)
        if event is not None:
            with best_effort():
                replace(self._patient, lock_seconds=LEDGER_LOCK_SECONDS).run(record_usage, event)
        return TextOutcome(_failed(event), ProviderFailure(FailureKind.MALFORMED))

    def _store(self, part: Part, made: Made) -> TextOutcome:
        articles = new_articles(made, part.key_prefix)
        try:
            stored = self._patient.run(store, made, articles, self.target)
        except ForeignKeyViolation:
            # the project was deleted during the call: what was paid for is kept all the same
            with best_effort():
                self._patient.run(store_result, made)
            raise
        return TextOutcome(_counts(made, stored))

    @property
    def _patient(self) -> TenantSession:
        """A session that waits out an outage: for answers of the vendor, which are paid for."""
        return replace(self.session, outage_seconds=OUTAGE_SECONDS)


def _failed(paid: UsageEvent | None) -> Counts:
    """Count a text without a result; some failures are billed."""
    return Counts(
        chunks=1,
        input_tokens=0 if paid is None else paid.input_tokens,
        output_tokens=0 if paid is None else paid.output_tokens,
    )


def _counts(made: Made, stored: StoredArticles) -> Counts:
    paid = made.usage
    return Counts(
        chunks=1,
        known_chunks=1 if paid is None else 0,
        articles=len(stored.added),
        known_articles=stored.known,
        dropped=made.extraction.invalid + made.extraction.cut + stored.without_title,
        requests=0 if paid is None else 1,
        input_tokens=0 if paid is None else paid.input_tokens,
        output_tokens=0 if paid is None else paid.output_tokens,
    )
