"""One tenant's part of a run: the claim, the key, and what is reported if something fails."""

from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta

import psycopg

from loopctl_pipelines.database.errors import DatabaseUnreachableError
from loopctl_pipelines.database.retries import OUTAGE_SECONDS, cause_of
from loopctl_pipelines.knowledge.embedding.errors import (
    EmbeddingCrashError,
    EmbeddingDatabaseError,
    EmbeddingError,
    KeyOrModelRejectedError,
    SecretUnreadableError,
    WrongSizeError,
    WrongUrlError,
)
from loopctl_pipelines.knowledge.embedding.storage import queries
from loopctl_pipelines.knowledge.embedding.storage.rows import EmbeddingSettings, EmbeddingStatus
from loopctl_pipelines.knowledge.embedding.work.article_run import ArticleRun
from loopctl_pipelines.knowledge.embedding.work.run_settings import RunSettings
from loopctl_pipelines.knowledge.embedding.work.tenant_embedding import TenantEmbedding
from loopctl_pipelines.knowledge.embedding.work.tenant_endpoint import TenantEndpoint
from loopctl_pipelines.knowledge.embedding.work.tenant_key import tenant_key
from loopctl_pipelines.knowledge.embedding.work.tenant_outcome import TenantOutcome
from loopctl_pipelines.knowledge.tenant_work.claim import Claim, ClaimLostError
from loopctl_pipelines.knowledge.tenant_work.pauses import Pause, pause_tenant
from loopctl_pipelines.knowledge.tenant_work.tenant_session import TenantSession
from loopctl_pipelines.llm.failures import FailureKind, ProviderFailure
from loopctl_pipelines.llm.missing_key import warn_of_missing_key
from loopctl_pipelines.llm.operation import Operation
from loopctl_pipelines.llm.sanitizer import sanitize

# an operator repairs this, and the tenant changes nothing: so it is retried after a while
_UNREADABLE_PAUSE = timedelta(hours=1)
_CRASH_PAUSE = timedelta(minutes=10)
_WRONG_URL_PAUSE = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class TenantRun:
    """One tenant's part of a run.

    Attributes:
        session: the tenant's statements.
        settings: what all tenants have in common.
    """

    session: TenantSession
    settings: RunSettings

    def run(self) -> TenantOutcome:
        """Embed what is pending. Every error is in the outcome, described without its text."""
        slug = self.session.tenant.slug
        outcome = TenantOutcome(slug)
        try:
            claim = Claim(self.session.database, self.session.tenant, Operation.EMBEDDING)
            with claim.held(self.settings.is_stopped) as held:
                if held:
                    self._embed(claim, outcome)
            self._read_status(outcome)
        except (EmbeddingError, ClaimLostError) as error:
            outcome.error = error
        except (psycopg.Error, DatabaseUnreachableError) as error:
            state = error.sqlstate
            outcome.error = EmbeddingDatabaseError(slug, cause_of(state), state)
            self._pause_after_crash()
        except Exception as error:  # noqa: BLE001 - its text may hold anything, its class does not
            outcome.error = EmbeddingCrashError(slug, sanitize(error), type(error).__name__)
            self._pause_after_crash()
        return outcome

    def _embed(self, claim: Claim, outcome: TenantOutcome) -> None:
        stored = self.session.run(queries.read_settings)
        try:
            key = tenant_key(outcome.slug, stored, self.settings.cloak_key)
        except SecretUnreadableError:
            self._pause(FailureKind.UNUSABLE_KEY, _UNREADABLE_PAUSE, stored)
            raise
        if key is None:
            self._block(stored, outcome)
            return
        stored = self._at_endpoint(stored)
        provider = self.settings.provider
        endpoint = self._endpoint(stored.model_name)
        embedding = TenantEmbedding(
            self.session, claim, provider, key, stored.key_version, endpoint
        )
        ArticleRun(embedding, self.settings, outcome, stored.consecutive_pauses).run()
        if outcome.stopped is not None and outcome.stopped.kind is FailureKind.WRONG_URL:
            self._pause(FailureKind.WRONG_URL, _WRONG_URL_PAUSE, stored)
            outcome.error = WrongUrlError(outcome.slug, _WRONG_URL_PAUSE)

    def _at_endpoint(self, stored: EmbeddingSettings) -> EmbeddingSettings:
        """Store where the tenant's texts go from now on; return its settings as they are then."""
        endpoint = self.settings.provider.endpoint
        if stored.last_endpoint == endpoint:
            return stored
        self.session.run(queries.change_endpoint, stored.last_endpoint, endpoint)
        return self.session.run(queries.read_settings)

    def _endpoint(self, model: str) -> TenantEndpoint:
        endpoint = self.settings.provider.endpoint
        traits = self.session.run(queries.read_endpoint, endpoint, model)
        patient = replace(self.session, outage_seconds=OUTAGE_SECONDS)
        return TenantEndpoint(patient, endpoint, model, traits)

    def _read_status(self, outcome: TenantOutcome) -> None:
        outcome.status = self.session.run(queries.read_status)
        if outcome.status.rejection is not None:
            # also if an earlier run found it: nothing is sent, and the tenant stays red
            outcome.error = self._rejection(outcome.slug, outcome.status)
        breaker = self.settings.provider.breaker
        outcome.breaker = breaker.state(self.session.tenant.id).state

    def _rejection(self, slug: str, status: EmbeddingStatus) -> EmbeddingError:
        tag = status.rejection or ""
        if tag == FailureKind.WRONG_SIZE:
            model = self.session.run(queries.read_settings).model_name
            endpoint = self.settings.provider.endpoint
            size = self.session.run(queries.read_endpoint, endpoint, model).dimension
            if size is not None:
                return WrongSizeError(slug, model, size, status.rejected)
        return KeyOrModelRejectedError(slug, tag, status.rejected)

    def _block(self, stored: EmbeddingSettings, outcome: TenantOutcome) -> None:
        outcome.counts.blocked = self.session.run(queries.count_pending)
        if outcome.counts.blocked:
            warn_of_missing_key(outcome.slug, Operation.EMBEDDING)
            self.session.run(queries.block_tenant, stored.key_version)
            self.settings.on_progress(outcome.slug, outcome.counts.blocked)

    def _pause_after_crash(self) -> None:
        """Keep the sensor from requesting the same failure again and again; a person still may."""
        with suppress(psycopg.Error, DatabaseUnreachableError):
            stored = self.session.run(queries.read_settings)
            self._pause(FailureKind.CRASH, _CRASH_PAUSE, stored)

    def _pause(self, why: FailureKind, delay: timedelta, stored: EmbeddingSettings) -> None:
        """Pause the tenant for a reason other than the provider's limit."""
        pause = Pause(ProviderFailure(why).log_tag, delay, stored.consecutive_pauses)
        self.session.run(pause_tenant, Operation.EMBEDDING, pause, stored.key_version)
