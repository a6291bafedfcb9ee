"""The provider behind the circuit breaker, with a bound on requests in flight."""

from collections.abc import Sequence
from functools import partial
from threading import BoundedSemaphore
from uuid import UUID

from loopctl_pipelines.database.retries import outlast_outage
from loopctl_pipelines.knowledge.embedding.texts.articles import VectorSpace
from loopctl_pipelines.llm.breaker import Breaker
from loopctl_pipelines.llm.circuit import Permit, Refused, Verdict
from loopctl_pipelines.llm.failures import FailureKind, ProviderFailure
from loopctl_pipelines.llm.openai.embedding_answer import Embedded
from loopctl_pipelines.llm.openai.embedding_provider import EmbeddingProvider
from loopctl_pipelines.llm.outcomes import counts_for_breaker
from loopctl_pipelines.llm.sanitizer import sanitize
from loopctl_pipelines.llm.secret import Secret


class GuardedProvider:
    """Embeds texts unless the tenant's circuit is open. Threads may share it.

    Attributes:
        breaker: the circuits.
    """

    def __init__(self, provider: EmbeddingProvider, breaker: Breaker, *, requests: int) -> None:
        """Take the provider, the breaker, and how many requests may be in flight in all."""
        self._provider = provider
        self.breaker = breaker
        # waiting threads are served nearly in the order in which they came: one that comes just
        # when a turn is free may take it
        self._turns = BoundedSemaphore(requests)

    def embed(
        self, tenant_id: UUID, key: Secret, space: VectorSpace, texts: Sequence[str]
    ) -> Embedded | ProviderFailure:
        """Return a vector for each text, or a sanitized failure; waits for its turn first.

        Raises:
            DatabaseUnreachableError: if the breaker's state cannot be read or written, and the
                outage lasts.
            psycopg.Error: likewise.
        """
        with self._turns:
            permit = outlast_outage(partial(self.breaker.admit, tenant_id))
            if isinstance(permit, Refused):
                return ProviderFailure(FailureKind.CIRCUIT_OPEN)
            try:
                answer = self._provider.embed(key, space.model, space.dimension, texts)
            except Exception as error:  # noqa: BLE001 - whatever it is, the permit is handed back
                failure = sanitize(error)
            else:
                self._record(permit, Verdict.SUCCESS)
                return answer
            counted = counts_for_breaker(failure)
            self._record(permit, Verdict.COUNTED if counted else Verdict.NEUTRAL)
            return failure

    def _record(self, permit: Permit, verdict: Verdict) -> None:
        # an answer in hand is paid for, and is lost where this raises
        outlast_outage(partial(self.breaker.record, permit, verdict))

    def close(self) -> None:
        """Close the provider's connections."""
        self._provider.close()
