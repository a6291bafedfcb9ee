"""Embedding requests on the guarded path to the provider."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from uuid import UUID

from loopctl_pipelines.knowledge.embedding.texts.text import DEFAULT_DIMENSION
from loopctl_pipelines.llm.breaker import Breaker
from loopctl_pipelines.llm.failures import ProviderFailure
from loopctl_pipelines.llm.guarded_call import GuardedCall
from loopctl_pipelines.llm.openai.embedding_answer import Embedded
from loopctl_pipelines.llm.openai.embedding_provider import EmbeddingProvider, Encoding
from loopctl_pipelines.llm.secret import Secret


@dataclass(frozen=True, slots=True)
class GuardedProvider:
    """Embeds texts unless the tenant's circuit is open. Threads may share it.

    Attributes:
        provider: makes the requests.
        guard: admits them, bounds those in flight, and counts failures.
    """

    provider: EmbeddingProvider
    guard: GuardedCall

    @property
    def breaker(self) -> Breaker:
        """The tenants' circuits at the provider."""
        return self.guard.breaker

    @property
    def endpoint(self) -> bytes:
        """Where texts are sent, see `EmbeddingProvider.endpoint`."""
        return self.provider.endpoint

    def embed(
        self,
        tenant_id: UUID,
        key: Secret,
        model: str,
        texts: Sequence[str],
        encoding: Encoding = "base64",
    ) -> Embedded | ProviderFailure:
        """Return a vector for each text, or a sanitized failure.

        Raises:
            DatabaseUnreachableError: as `GuardedCall.run`.
            psycopg.Error: likewise.
        """
        request = partial(
            self.provider.embed, key, model, DEFAULT_DIMENSION, texts, encoding=encoding
        )
        return self.guard.run(tenant_id, request)

    def close(self) -> None:
        """Close the provider's connections."""
        self.provider.close()
