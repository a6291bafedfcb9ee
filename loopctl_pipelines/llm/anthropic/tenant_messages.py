"""Requests to Anthropic for tenants: the key, the circuit, the call and the ledger."""

from dataclasses import dataclass, field
from uuid import UUID, uuid4

from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.database.retries import in_tenant_transaction
from loopctl_pipelines.llm.anthropic.message_answer import Answer, ToolInput
from loopctl_pipelines.llm.anthropic.message_request import MessageRequest
from loopctl_pipelines.llm.anthropic.messages_provider import MessagesProvider
from loopctl_pipelines.llm.anthropic.tenant_settings import AnthropicSettings, read_settings
from loopctl_pipelines.llm.circuit import Permit, Rejected
from loopctl_pipelines.llm.failures import FailureKind, ProviderFailure
from loopctl_pipelines.llm.guarded_call import GuardedCall
from loopctl_pipelines.llm.missing_key import audit_missing_key, warn_of_missing_key
from loopctl_pipelines.llm.operation import Operation
from loopctl_pipelines.llm.secret import Secret
from loopctl_pipelines.llm.tenant_key import open_key
from loopctl_pipelines.llm.usage import LEDGER_LOCK_SECONDS, UsageEvent, best_effort, record_usage


@dataclass(frozen=True, slots=True)
class TenantAccess:
    """What one tenant's requests need.

    Attributes:
        tenant_id: who pays.
        key: its own; there is no other.
        settings: as stored when the key was read.
    """

    tenant_id: UUID
    key: Secret
    settings: AnthropicSettings


@dataclass(frozen=True, slots=True)
class TenantMessages:
    """Asks models on the tenants' behalf. Threads may share it.

    Attributes:
        provider: makes the requests.
        guard: admits them, bounds those in flight, and counts failures.
        database: holds the tenants' settings and the ledger.
        cloak_key: LOOPCTL_CLOAK_KEY; None: it is not set.
    """

    provider: MessagesProvider
    guard: GuardedCall
    database: Database
    cloak_key: bytes | None = field(repr=False)

    def access(
        self, tenant_id: UUID, slug: str, operation: Operation
    ) -> TenantAccess | ProviderFailure:
        """Return the tenant's key and models; without a key, warn and audit that.

        Returns:
            `no_api_key` if the tenant has no key, `unusable_key` if it cannot be decrypted.

        Raises:
            psycopg.Error: if a statement fails.
            DatabaseUnreachableError: if no connection is available.
        """
        settings = in_tenant_transaction(
            self.database, tenant_id, lambda connection: read_settings(connection, tenant_id)
        )
        return self.opened(tenant_id, slug, operation, settings)

    def opened(
        self, tenant_id: UUID, slug: str, operation: Operation, settings: AnthropicSettings
    ) -> TenantAccess | ProviderFailure:
        """Return the same as `access`, from settings that were just read."""
        key = open_key(settings.encrypted_key, self.cloak_key)
        if isinstance(key, Secret):
            return TenantAccess(tenant_id, key, settings)
        if key is FailureKind.NO_API_KEY:
            warn_of_missing_key(slug, operation)
            in_tenant_transaction(
                self.database,
                tenant_id,
                lambda connection: audit_missing_key(connection, tenant_id, operation),
            )
        return ProviderFailure(key)

    def call(
        self,
        access: TenantAccess,
        request: MessageRequest,
        permit: Permit | Rejected,
        *,
        source_type: str | None = None,
    ) -> Answer:
        """Ask the model once, unless the tenant's circuit is open.

        A failure that was billed is in the ledger when this returns. A result is not: record its
        `billed` event in the transaction that writes the result.

        Args:
            access: of the tenant.
            request: what is asked.
            permit: what the tenant's circuit said just now, see `Breaker.admit_within`.
            source_type: what kind of thing was sent, for the ledger.

        Raises:
            DatabaseUnreachableError: as `GuardedCall.run`.
            psycopg.Error: likewise.
        """
        answers: list[Answer] = []

        def answered() -> ToolInput | ProviderFailure:
            answers.append(self.provider.call(access.key, request))
            return answers[0].result

        result = self.guard.run_permitted(permit, answered)
        answer = Answer(result, answers[0].usage if answers else None)
        if isinstance(result, ProviderFailure):
            self._record(access.tenant_id, billed(request, answer, source_type))
        return answer

    def _record(self, tenant_id: UUID, event: UsageEvent | None) -> None:
        if event is None:
            return
        with best_effort():
            in_tenant_transaction(
                self.database,
                tenant_id,
                lambda connection: record_usage(connection, tenant_id, event),
                lock_seconds=LEDGER_LOCK_SECONDS,
            )


def billed(
    request: MessageRequest, answer: Answer, source_type: str | None = None
) -> UsageEvent | None:
    """Return the ledger's event for an answer, with a new id; None: none is known to be billed."""
    if answer.usage is None:
        return None
    return UsageEvent(
        uuid4(),
        request.operation,
        request.model,
        answer.usage.input,
        answer.usage.output,
        source_type,
    )
