"""What all batches of one tenant have in common."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import uuid4

from loopctl_pipelines.database.retries import OUTAGE_SECONDS, outlast_outage
from loopctl_pipelines.knowledge.embedding.storage.rows import ArticleState
from loopctl_pipelines.knowledge.embedding.texts.articles import PendingArticle, VectorSpace
from loopctl_pipelines.knowledge.embedding.work.guarded_provider import GuardedProvider
from loopctl_pipelines.knowledge.embedding.work.tenant_endpoint import TenantEndpoint
from loopctl_pipelines.knowledge.tenant_work.claim import Claim
from loopctl_pipelines.knowledge.tenant_work.tenant_session import TenantSession
from loopctl_pipelines.llm.failures import FailureKind, ProviderFailure
from loopctl_pipelines.llm.openai.embedding_answer import Embedded
from loopctl_pipelines.llm.openai.embedding_provider import Encoding
from loopctl_pipelines.llm.operation import Operation
from loopctl_pipelines.llm.outcomes import may_be_about_one_text
from loopctl_pipelines.llm.secret import Secret
from loopctl_pipelines.llm.usage import (
    LEDGER_LOCK_SECONDS,
    UsageEvent,
    best_effort,
    record_usage,
)


@dataclass(frozen=True, slots=True)
class TenantEmbedding:
    """One tenant's access to the database and to the provider. Immutable: threads may share it.

    Attributes:
        session: the tenant's statements.
        claim: on the tenant's articles; held.
        provider: makes the vectors.
        key: the tenant's key.
        key_version: SHA-256 of the key as it is stored.
        endpoint: what is known of the tenant's endpoint and model.
    """

    session: TenantSession
    claim: Claim
    provider: GuardedProvider
    key: Secret
    key_version: bytes | None
    endpoint: TenantEndpoint

    @property
    def space(self) -> VectorSpace:
        """The tenant's model and its dimension, as far as it is known."""
        return self.endpoint.space

    @property
    def patient(self) -> TenantSession:
        """A session that waits out an outage: for answers of the provider, which are paid for."""
        return replace(self.session, outage_seconds=OUTAGE_SECONDS)

    def request(self, texts: Sequence[str]) -> Embedded | ProviderFailure:
        """Ask the provider for vectors; once more with floats, if it may not make base64.

        Raises:
            ClaimLostError: if another run has the tenant now.
        """
        encoding = self.endpoint.encoding
        answer = self._request(texts, encoding)
        if (
            isinstance(answer, ProviderFailure)
            and encoding == "base64"
            and self.endpoint.may_want_floats(answer, len(texts))
        ):
            encoding = "float"
            second = self._request(texts, encoding)
            if not isinstance(second, ProviderFailure) or not may_be_about_one_text(second):
                answer = second
        if isinstance(answer, Embedded):
            self.endpoint.learn_encoding(encoding)
            if not self.endpoint.accepts_size(answer.dimension):
                return ProviderFailure(FailureKind.MALFORMED)
        elif answer.kind is FailureKind.WRONG_SIZE and answer.size is not None:
            self.endpoint.learn_wrong_size(answer.size)
        return answer

    def _request(self, texts: Sequence[str], encoding: Encoding) -> Embedded | ProviderFailure:
        """Send one request, after a renewal of the claim if one is due."""
        outlast_outage(self.claim.keep)
        tenant_id = self.session.tenant.id
        return self.provider.embed(tenant_id, self.key, self.space.model, texts, encoding)

    def record_usage(self, tokens: int, articles: Sequence[PendingArticle]) -> None:
        """Add a billed request to the ledger; if that fails, log it and go on."""
        event = UsageEvent(
            uuid4(),
            Operation.EMBEDDING,
            self.space.model,
            input_tokens=tokens,
            source_type="article",
            article_id=articles[0].id if len(articles) == 1 else None,
        )
        with best_effort():
            replace(self.patient, lock_seconds=LEDGER_LOCK_SECONDS).run(record_usage, event)

    def rejected_state(self, failure: ProviderFailure) -> ArticleState:
        """Return the state of articles that are set aside until text, key or model changes."""
        return ArticleState(self.space, failure.log_tag, key_version=self.key_version)
