"""Sends one batch until each of its texts is embedded, set aside, waiting, or left for later."""

import random
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import uuid4

from loopctl_pipelines.database.retries import outlast_outage
from loopctl_pipelines.knowledge.embedding.storage.claim import Claim
from loopctl_pipelines.knowledge.embedding.storage.rows import LookedAt, Pause
from loopctl_pipelines.knowledge.embedding.storage.tenant_articles import TenantArticles
from loopctl_pipelines.knowledge.embedding.texts.articles import PendingArticle, VectorSpace
from loopctl_pipelines.knowledge.embedding.texts.splitting import Piece, SplitBatch
from loopctl_pipelines.knowledge.embedding.texts.triage import Batch, attempts_of
from loopctl_pipelines.knowledge.embedding.work.guarded_provider import GuardedProvider
from loopctl_pipelines.knowledge.embedding.work.refusals import Refusals, Stop
from loopctl_pipelines.knowledge.embedding.work.tenant_outcome import Counts
from loopctl_pipelines.llm.failures import FailureKind, ProviderFailure
from loopctl_pipelines.llm.openai.embedding_answer import Embedded
from loopctl_pipelines.llm.openai.limits import ProviderLimits
from loopctl_pipelines.llm.outcomes import (
    Outcome,
    delay_seconds,
    is_asked_to_wait,
    is_spoilt_for_good,
    may_be_about_one_text,
    outcome,
    uses_attempt,
)
from loopctl_pipelines.llm.secret import Secret
from loopctl_pipelines.llm.usage import Operation, UsageEvent, best_effort


@dataclass(frozen=True, slots=True)
class BatchRun:
    """What the batches of one tenant have in common. Threads may share it."""

    articles: TenantArticles
    provider: GuardedProvider
    claim: Claim
    stop: Stop
    key: Secret
    key_version: bytes | None
    space: VectorSpace
    refusals: Refusals
    failures: dict[str, int] = field(default_factory=dict)

    @property
    def limits(self) -> ProviderLimits:
        """What a request may hold; less, once an answer of this run was late.

        The next one as large would most likely be late as well, billed all the same, and the third
        opens the circuit.
        """
        return ProviderLimits().after_attempts(1 if FailureKind.TIMEOUT in self.failures else 0)

    def send(self, batch: Batch) -> Counts:
        """Embed a batch; a refused one is split until the text at fault is alone."""
        counts = Counts()
        split = SplitBatch(list(batch))
        if self.refusals.accepted:
            split.accepted()
        refusal: ProviderFailure | None = None
        while self.stop.failure is None and (pieces := split.next_request()):
            answer = self._request(pieces)
            if isinstance(answer, Embedded):
                split.accepted()
                self._accepted()
                counts.add(self._write(batch, pieces, answer))
            elif may_be_about_one_text(answer):
                refusal = answer
                split.refused(pieces)
            else:
                counts.add(self._fail(batch, [*pieces, *_rest(split)], answer))
        if refusal is not None:
            counts.add(self._set_aside(batch, split, refusal))
        return counts

    def _request(self, pieces: tuple[Piece, ...]) -> Embedded | ProviderFailure:
        outlast_outage(self.claim.keep)
        tenant = self.articles.tenant.id
        answer = self.provider.embed(tenant, self.key, self.space, [piece.sent for piece in pieces])
        if isinstance(answer, ProviderFailure):
            self.failures[answer.log_tag] = self.failures.get(answer.log_tag, 0) + 1
        return answer

    def _accepted(self) -> None:
        if not self.refusals.accepted:
            self.refusals.accepted = True
            if self.refusals.pauses_before:
                self.articles.end_pauses()

    def _write(self, batch: Batch, pieces: tuple[Piece, ...], answer: Embedded) -> Counts:
        articles = [article for piece in pieces for article in batch[piece.text]]
        self._record_usage(answer.tokens, articles)
        vectors = {
            batch[piece.text][0].hash_in(self.space): vector
            for piece, vector in zip(pieces, answer.vectors, strict=True)
        }
        done = self.articles.write(articles, vectors, self.space)
        firsts = {batch[piece.text][0].id for piece in pieces}
        return Counts(
            embedded=len(done.written & firsts),
            copied=len(done.written - firsts),
            edited=len(articles) - len(done.both),
            waiting=len(done.locked),
            requests=1,
            tokens=answer.tokens,
        )

    def _record_usage(self, tokens: int, articles: list[PendingArticle]) -> None:
        event = UsageEvent(
            uuid4(),
            Operation.EMBEDDING,
            self.space.model,
            input_tokens=tokens,
            source_type="article",
            article_id=articles[0].id if len(articles) == 1 else None,
        )
        with best_effort():
            self.articles.record_usage(event)

    def _fail(self, batch: Batch, pieces: list[Piece], failure: ProviderFailure) -> Counts:
        """Note what follows from a failure that is not about one text."""
        if outcome(failure) is not Outcome.TRANSIENT:
            refuses_all = outcome(failure) is Outcome.PERMANENT
            self.stop.because(failure, refuses_all=refuses_all)
            return Counts()
        used = 1 if uses_attempt(failure) else 0
        attempts = {
            article: attempts_of(batch[piece.text], self.space) + used
            for piece in pieces
            for article in batch[piece.text]
        }
        if failure.kind is FailureKind.MALFORMED:
            # answered with 200, so it was billed; what it cost is not to be read
            self._record_usage(0, list(attempts))
        if is_spoilt_for_good(failure, min(attempts.values())):
            noted = LookedAt(self.space, failure.log_tag, key_version=self.key_version)
            self.articles.note(attempts, noted)
            return Counts(set_aside=len(attempts))
        asked_to_wait = is_asked_to_wait(failure)
        delay = timedelta(
            seconds=delay_seconds(
                # a limit is the tenant's: it grows with its pauses, whichever texts they befall
                self.refusals.pauses if asked_to_wait else max(attempts.values()),
                failure.retry_after,
                jitter=random.random(),  # noqa: S311 - spreads retries, guards nothing
            )
        )
        # a limit is the key's: another one ends the wait of its articles, as it ends the pause
        key_version = self.key_version if asked_to_wait else None
        self.articles.note(attempts, LookedAt(self.space, failure.log_tag, delay, key_version))
        if asked_to_wait:
            self.stop.because(failure)
            pause = Pause(failure.log_tag, delay, self.refusals.pauses)
            self.articles.pause(pause, self.key_version)
        return Counts(waiting=len(attempts))

    def _set_aside(self, batch: Batch, split: SplitBatch, refusal: ProviderFailure) -> Counts:
        if split.gave_up or self.refusals.of_everything(len(split.set_aside)):
            # no text is at fault, so nothing is noted of one; all that is pending is set aside
            self.stop.because(refusal, refuses_all=True)
            return Counts()
        refused = {
            article: attempts_of(batch[text], self.space) + 1
            for text in split.set_aside
            for article in batch[text]
        }
        noted = LookedAt(self.space, refusal.log_tag, key_version=self.key_version)
        self.articles.note(refused, noted)
        return Counts(set_aside=len(refused))


def _rest(split: SplitBatch) -> Iterable[Piece]:
    while pieces := split.next_request():
        yield from pieces
