"""Embeds one text of a tenant while somebody waits for it: at once, or not at all."""

import logging
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from uuid import UUID, uuid4

import psycopg

from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.database.retries import in_tenant_transaction
from loopctl_pipelines.knowledge.embedding.storage import queries
from loopctl_pipelines.knowledge.embedding.storage.rows import EndpointTraits, Vector
from loopctl_pipelines.knowledge.embedding.texts.articles import VectorSpace
from loopctl_pipelines.knowledge.embedding.work.guarded_provider import GuardedProvider
from loopctl_pipelines.knowledge.embedding.work.tenant_endpoint import may_be_about_encoding
from loopctl_pipelines.llm.circuit import CircuitState
from loopctl_pipelines.llm.failures import FailureKind, ProviderFailure
from loopctl_pipelines.llm.missing_key import audit_missing_key, warn_of_missing_key
from loopctl_pipelines.llm.openai.embedding_answer import Embedded
from loopctl_pipelines.llm.openai.embedding_provider import Encoding
from loopctl_pipelines.llm.operation import Operation
from loopctl_pipelines.llm.secret import Secret
from loopctl_pipelines.llm.tenant_key import open_key
from loopctl_pipelines.llm.usage import (
    LEDGER_LOCK_SECONDS,
    UsageEvent,
    best_effort,
    record_usage,
)

_BILLED = (FailureKind.MALFORMED, FailureKind.WRONG_SIZE)

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, eq=False)
class EmbeddedText:
    """A text's vector.

    Attributes:
        vector: float32, as the column takes it; its length is not 0.
        space: the tenant's model, and the numbers that it gave. Compare it with vectors of the same
            space only.
        tokens: tokens the provider billed; 0 if it does not say.
    """

    vector: Vector
    space: VectorSpace
    tokens: int


@dataclass(frozen=True, slots=True)
class TextAccess:
    """What a tenant's request for a vector needs.

    Attributes:
        tenant_id: who pays.
        key: its own; there is no other.
        model: the tenant's.
        traits: what is known of the model at the provider.
    """

    tenant_id: UUID
    key: Secret
    model: str
    traits: EndpointTraits


class TextEmbedder:
    """Embeds single texts on the tenants' behalf. Threads may share it."""

    def __init__(
        self, database: Database, provider: GuardedProvider, cloak_key: bytes | None
    ) -> None:
        """Take what all tenants have in common.

        Args:
            database: holds the tenants' settings and the ledger.
            provider: makes the vectors; it should not wait for the end of an outage.
            cloak_key: LOOPCTL_CLOAK_KEY; None: it is not set.
        """
        self._database = database
        self._provider = provider
        self._cloak_key = cloak_key
        self._audited: dict[UUID, date] = {}

    def access(self, tenant_id: UUID) -> TextAccess | ProviderFailure:
        """Return the tenant's key and model. Nothing is sent, so this takes milliseconds.

        Returns:
            `no_api_key`, audited once a day; `unusable_key` if the key cannot be decrypted;
            `circuit_open`.

        Raises:
            psycopg.Error: if a statement fails.
            DatabaseUnreachableError: if no connection is available.
        """
        endpoint = self._provider.endpoint
        with self._database.tenant_transaction(tenant_id) as connection:
            stored = queries.read_settings(connection, tenant_id)
            traits = queries.read_endpoint(connection, tenant_id, endpoint, stored.model_name)
        key = open_key(stored.encrypted_key, self._cloak_key)
        if not isinstance(key, Secret):
            if key is FailureKind.NO_API_KEY:
                self._audit_missing_key(tenant_id)
            return ProviderFailure(key)
        if self._provider.breaker.state(tenant_id).state is CircuitState.OPEN:
            return ProviderFailure(FailureKind.CIRCUIT_OPEN)
        return TextAccess(tenant_id, key, stored.model_name, traits)

    def embed(
        self, access: TextAccess, text: str, source_type: str
    ) -> EmbeddedText | ProviderFailure:
        """Return the vector of a text, or why there is none. It takes as long as the provider.

        Args:
            access: of the tenant.
            text: without NUL and lone surrogates, and not longer than the model accepts.
            source_type: what the text is, for the ledger.

        Raises:
            psycopg.Error: if the circuit cannot be read or written.
            DatabaseUnreachableError: likewise.
        """
        encoding: Encoding = "float" if access.traits.floats else "base64"
        answer = self._send(access, text, encoding)
        if (
            isinstance(answer, ProviderFailure)
            and encoding == "base64"
            and may_be_about_encoding(answer)
        ):
            second = self._send(access, text, "float")
            if isinstance(second, Embedded):
                self._learn_floats(access)
                answer = second
        if isinstance(answer, ProviderFailure):
            if answer.kind in _BILLED:
                self._record_usage(access, 0, source_type)
            return answer
        self._record_usage(access, answer.tokens, source_type)
        space = VectorSpace(access.model, answer.dimension)
        return EmbeddedText(answer.vectors[0], space, answer.tokens)

    def close(self) -> None:
        """Close the provider's connections."""
        self._provider.close()

    def _send(
        self, access: TextAccess, text: str, encoding: Encoding
    ) -> Embedded | ProviderFailure:
        return self._provider.embed(access.tenant_id, access.key, access.model, [text], encoding)

    def _learn_floats(self, access: TextAccess) -> None:
        """Store that the endpoint makes no base64; what its dimension means is left to a run."""
        endpoint, traits = self._provider.endpoint, replace(access.traits, floats=True)
        in_tenant_transaction(
            self._database,
            access.tenant_id,
            lambda connection: queries.write_endpoint(
                connection, access.tenant_id, endpoint, access.model, traits
            ),
        )

    def _record_usage(self, access: TextAccess, tokens: int, source_type: str) -> None:
        event = UsageEvent(
            uuid4(),
            Operation.EMBEDDING,
            access.model,
            input_tokens=tokens,
            source_type=source_type,
        )
        with best_effort():
            in_tenant_transaction(
                self._database,
                access.tenant_id,
                lambda connection: record_usage(connection, access.tenant_id, event),
                lock_seconds=LEDGER_LOCK_SECONDS,
            )

    def _audit_missing_key(self, tenant_id: UUID) -> None:
        """Say once a day that a key is missing; the row is the one that a run would write."""
        today = datetime.now(UTC).date()
        if self._audited.get(tenant_id) == today:
            return
        warn_of_missing_key(str(tenant_id), Operation.EMBEDDING)
        try:
            with self._database.tenant_transaction(
                tenant_id, lock_seconds=LEDGER_LOCK_SECONDS
            ) as connection:
                audit_missing_key(connection, tenant_id, Operation.EMBEDDING)
        except psycopg.Error as error:
            _logger.warning("A missing key is not audited (SQLSTATE %s)", error.sqlstate)
            return
        self._audited[tenant_id] = today
