"""Sends one batch until each of its texts is embedded, set aside, waiting, or left pending."""

import random
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta

from loopctl_pipelines.knowledge.embedding.storage.queries import (
    write_states,
)
from loopctl_pipelines.knowledge.embedding.storage.rows import ArticleState
from loopctl_pipelines.knowledge.embedding.storage.vectors import write_in_parts
from loopctl_pipelines.knowledge.embedding.texts.articles import PendingArticle
from loopctl_pipelines.knowledge.embedding.texts.splitting import Piece, SplitBatch
from loopctl_pipelines.knowledge.embedding.texts.triage import Batch, attempts_used
from loopctl_pipelines.knowledge.embedding.work.rejections import Rejections
from loopctl_pipelines.knowledge.embedding.work.tenant_embedding import TenantEmbedding
from loopctl_pipelines.knowledge.embedding.work.tenant_outcome import BatchOutcome, Counts
from loopctl_pipelines.knowledge.tenant_work.pauses import Pause, end_pauses, pause_tenant
from loopctl_pipelines.knowledge.tenant_work.stop import Stop
from loopctl_pipelines.llm.failures import FailureKind, ProviderFailure
from loopctl_pipelines.llm.openai.embedding_answer import Embedded
from loopctl_pipelines.llm.openai.limits import ProviderLimits
from loopctl_pipelines.llm.operation import Operation
from loopctl_pipelines.llm.outcomes import (
    Outcome,
    delay_seconds,
    is_asked_to_wait,
    is_spoilt_for_good,
    may_be_about_one_text,
    outcome,
    uses_attempt,
)


class BatchRun:
    """One batch of a tenant. One thread runs it; only `stop` and `rejections` are shared."""

    def __init__(
        self,
        embedding: TenantEmbedding,
        batch: Batch,
        limits: ProviderLimits,
        stop: Stop,
        rejections: Rejections,
    ) -> None:
        self._embedding = embedding
        self._limits = limits
        self._session = embedding.patient
        self._batch = batch
        self._stop = stop
        self._rejections = rejections
        self._counts = Counts()
        self._failures: Counter[str] = Counter()

    def run(self) -> BatchOutcome:
        """Embed the batch; a rejected one is split until the text at fault is isolated.

        Raises:
            ClaimLostError: if another run has the tenant now.
            psycopg.Error: if the database fails, or its outage lasts.
            DatabaseUnreachableError: if its outage lasts.
        """
        endpoint = self._embedding.endpoint
        split = SplitBatch(list(self._batch), self._limits)
        if self._rejections.accepted:
            split.accepted()
        rejection: ProviderFailure | None = None
        while self._stop.reason is None and (pieces := split.next_request(endpoint.most_texts)):
            answer = self._embedding.request([piece.sent for piece in pieces])
            if isinstance(answer, Embedded):
                if most_texts := split.accepted(pieces):
                    endpoint.learn_most_texts(most_texts)
                self._accept()
                self._write(pieces, answer)
                continue
            self._failures[answer.log_tag] += 1
            if may_be_about_one_text(answer):
                rejection = answer
                split.rejected(pieces)
            else:
                self._fail([*pieces, *_remaining(split)], answer)
        if rejection is not None:
            self._set_aside(split, rejection)
        return BatchOutcome(self._counts, self._failures)

    def _accept(self) -> None:
        with self._rejections.accepting() as is_first:
            if is_first and self._rejections.pauses_before:
                self._session.run(end_pauses, Operation.EMBEDDING)

    def _write(self, pieces: Sequence[Piece], answer: Embedded) -> None:
        space = self._embedding.space
        articles = [article for piece in pieces for article in self._batch[piece.text]]
        self._embedding.record_usage(answer.tokens, articles)
        vectors = {
            self._batch[piece.text][0].hash_in(space): vector
            for piece, vector in zip(pieces, answer.vectors, strict=True)
        }
        result = write_in_parts(self._session, articles, vectors, space)
        firsts = {self._batch[piece.text][0].id for piece in pieces}
        self._counts.add(
            Counts(
                embedded=len(result.written & firsts),
                copied=len(result.written - firsts),
                edited=len(articles) - len(result.settled),
                waiting=len(result.locked),
                requests=1,
                tokens=answer.tokens,
            )
        )

    def _fail(self, pieces: Sequence[Piece], failure: ProviderFailure) -> None:
        """Store the consequences of a failure that is not about one text."""
        if failure.kind is FailureKind.WRONG_SIZE:
            self._record_unread([piece.text for piece in pieces])
        if outcome(failure) is not Outcome.TRANSIENT:
            rejects_all = outcome(failure) is Outcome.PERMANENT
            self._stop.because(failure, rejects_all=rejects_all)
            return
        texts = [piece.text for piece in pieces]
        attempts = self._attempts(texts, more=1 if uses_attempt(failure) else 0)
        if failure.kind is FailureKind.MALFORMED:
            self._record_unread(texts)
        if is_spoilt_for_good(failure, min(attempts.values())):
            self._session.run(write_states, attempts, self._embedding.rejected_state(failure))
            self._counts.set_aside += len(attempts)
            return
        self._wait(attempts, failure)
        self._counts.waiting += len(attempts)

    def _record_unread(self, texts: Iterable[str]) -> None:
        """Record an answer without usable vectors: it had status 200, so it was billed."""
        self._embedding.record_usage(0, [a for text in texts for a in self._batch[text]])

    def _wait(self, attempts: Mapping[PendingArticle, int], failure: ProviderFailure) -> None:
        """Make articles wait; if the provider asked for it, pause the tenant as well."""
        embedding = self._embedding
        if not is_asked_to_wait(failure):
            delay = _delay(max(attempts.values()), failure)
            state = ArticleState(embedding.space, failure.log_tag, delay)
            self._session.run(write_states, attempts, state)
            return
        # a limit is the tenant's: the delay grows with its pauses, whichever articles were sent
        pauses = self._rejections.pauses
        delay = _delay(pauses, failure)
        # and it belongs to the key: another key ends the wait of the articles, and the pause
        state = ArticleState(embedding.space, failure.log_tag, delay, embedding.key_version)
        self._session.run(write_states, attempts, state)
        self._stop.because(failure)
        pause = Pause(failure.log_tag, delay, pauses)
        self._session.run(pause_tenant, Operation.EMBEDDING, pause, embedding.key_version)

    def _set_aside(self, split: SplitBatch, rejection: ProviderFailure) -> None:
        if split.gave_up or self._rejections.add_texts(len(split.set_aside)):
            # no text is at fault, so none is recorded; all pending articles are set aside later
            self._stop.because(rejection, rejects_all=True)
            return
        rejected = self._attempts(split.set_aside, more=1)
        if rejected:
            self._session.run(write_states, rejected, self._embedding.rejected_state(rejection))
        self._counts.set_aside += len(rejected)

    def _attempts(self, texts: Iterable[str], *, more: int) -> dict[PendingArticle, int]:
        """Return the articles of these texts, with `more` attempts than they have used so far."""
        space = self._embedding.space
        return {
            article: attempts_used(self._batch[text], space) + more
            for text in texts
            for article in self._batch[text]
        }


def _delay(attempts: int, failure: ProviderFailure) -> timedelta:
    jitter = random.random()  # noqa: S311 - spreads retries, guards nothing
    return timedelta(seconds=delay_seconds(attempts, failure.retry_after, jitter=jitter))


def _remaining(split: SplitBatch) -> Iterable[Piece]:
    while pieces := split.next_request():
        yield from pieces
