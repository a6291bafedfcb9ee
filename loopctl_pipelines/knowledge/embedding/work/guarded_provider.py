"""Embedding requests on the guarded path to the provider."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from uuid import UUID

from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.database.retries import OUTAGE_SECONDS
from loopctl_pipelines.knowledge.embedding.texts.text import DEFAULT_DIMENSION
from loopctl_pipelines.llm.breaker import Breaker
from loopctl_pipelines.llm.failures import ProviderFailure
from loopctl_pipelines.llm.guarded_call import GuardedCall
from loopctl_pipelines.llm.openai.embedding_answer import Embedded
from loopctl_pipelines.llm.openai.embedding_provider import EmbeddingProvider, Encoding
from loopctl_pipelines.llm.openai.exceptions import OPENAI, policy_for
from loopctl_pipelines.llm.secret import Secret
from loopctl_pipelines.settings import Settings


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


def build_provider(
    settings: Settings,
    database: Database,
    *,
    requests: int,
    deadline_seconds: float | None = None,
    outage_seconds: float = OUTAGE_SECONDS,
) -> GuardedProvider:
    """Return the provider of the settings. Its circuits are those of every other process.

    Args:
        settings: the project's.
        database: holds the circuits.
        requests: bound on the requests in flight, all tenants together.
        deadline_seconds: for a whole request; None: the setting.
        outage_seconds: how long a request waits for the database to come back.
    """
    provider = EmbeddingProvider(
        settings.embedding_base_url,
        deadline_seconds=deadline_seconds or settings.embedding_deadline_seconds,
        key_header=settings.embedding_key_header,
    )
    policy = policy_for(settings.embedding_deadline_seconds)
    guard = GuardedCall(
        OPENAI, database, requests=requests, policy=policy, outage_seconds=outage_seconds
    )
    return GuardedProvider(provider, guard)
