"""One tenant's part of a run: claim, key, sources, pause, and every error."""

import random
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta

import psycopg

from loopctl_pipelines.database.errors import DatabaseUnreachableError
from loopctl_pipelines.database.retries import cause_of
from loopctl_pipelines.knowledge.extraction.errors import (
    ChatKeyUnreadableError,
    ExtractionCrashError,
    ExtractionDatabaseError,
    ExtractionError,
    KeyOrModelRejectedError,
    ReviewsExtractedTwiceError,
)
from loopctl_pipelines.knowledge.extraction.storage import queries
from loopctl_pipelines.knowledge.extraction.work.run_settings import RunSettings
from loopctl_pipelines.knowledge.extraction.work.tenant_outcome import TenantOutcome
from loopctl_pipelines.knowledge.extraction.work.tenant_sources import TenantSources
from loopctl_pipelines.knowledge.tenant_work.claim import Claim, ClaimLostError
from loopctl_pipelines.knowledge.tenant_work.pauses import (
    Pause,
    pause_tenant,
    pause_without_key,
)
from loopctl_pipelines.knowledge.tenant_work.tenant_session import TenantSession
from loopctl_pipelines.llm.anthropic.tenant_settings import read_settings
from loopctl_pipelines.llm.failures import FailureKind, ProviderFailure
from loopctl_pipelines.llm.operation import Operation
from loopctl_pipelines.llm.outcomes import delay_seconds, is_asked_to_wait
from loopctl_pipelines.llm.sanitizer import sanitize

# an operator repairs this, and the tenant changes nothing: so it is retried after a while
_UNREADABLE_PAUSE = timedelta(hours=1)
# another key ends it earlier; a changed model, or credit for the account, shows after a day
_REJECTED_PAUSE = timedelta(days=1)
_CRASH_PAUSE = timedelta(minutes=10)


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
        """Extract what is due. Every error is in the outcome, described without its text."""
        slug = self.session.tenant.slug
        outcome = TenantOutcome(slug)
        try:
            claim = Claim(self.session.database, self.session.tenant, Operation.EXTRACTION)
            with claim.held(self.settings.is_stopped) as held:
                if held:
                    self._extract(claim, outcome)
            breaker = self.settings.messages.guard.breaker
            outcome.breaker = breaker.state(self.session.tenant.id).state
        except (ExtractionError, ClaimLostError) as error:
            outcome.error = error
        except (psycopg.Error, DatabaseUnreachableError) as error:
            state = error.sqlstate
            outcome.error = ExtractionDatabaseError(slug, cause_of(state), state)
            self._pause_after_crash()
        except Exception as error:  # noqa: BLE001 - its text may hold anything, its class does not
            outcome.error = ExtractionCrashError(slug, sanitize(error), type(error).__name__)
            self._pause_after_crash()
        return outcome

    def _extract(self, claim: Claim, outcome: TenantOutcome) -> None:
        slug = self.session.tenant.slug
        with ThreadPoolExecutor(self.settings.requests) as threads:
            sources = TenantSources(self.session, claim, self.settings, outcome, threads)
            sources.run_documents()
            refused = slug in self.settings.refused_slugs
            if slug in self.settings.review_slugs and not refused:
                sources.run_reviews()
        reason = sources.stop.reason
        if reason is not None:
            outcome.stopped = reason.failure
            self._end_early(reason.failure, outcome, was_accepted=sources.accepted.requests > 0)
        if refused:
            raise ReviewsExtractedTwiceError(slug)

    def _end_early(
        self, failure: ProviderFailure, outcome: TenantOutcome, *, was_accepted: bool
    ) -> None:
        """Pause the tenant, unless its circuit already keeps it from being tried.

        Raises:
            ExtractionError: if somebody has to act.
        """
        slug = self.session.tenant.slug
        if failure.kind is FailureKind.CIRCUIT_OPEN:
            return
        if failure.kind is FailureKind.NO_API_KEY:
            outcome.counts.blocked, _ = self.session.run(queries.count_documents)
            self._pause(pause_without_key())
            return
        if is_asked_to_wait(failure):
            self._pause_as_asked(failure, was_accepted=was_accepted)
            return
        tag = failure.log_tag
        if failure.kind is FailureKind.UNUSABLE_KEY:
            self._pause(Pause(tag, _UNREADABLE_PAUSE))
            raise ChatKeyUnreadableError(slug)
        self._pause(Pause(tag, _REJECTED_PAUSE))
        raise KeyOrModelRejectedError(slug, tag)

    def _pause_as_asked(self, failure: ProviderFailure, *, was_accepted: bool) -> None:
        """Pause as long as the vendor asks; each pause in a row is longer than the one before."""
        version = self._key_version()
        before = 0 if was_accepted else self.session.run(queries.consecutive_pauses, version)
        jitter = random.random()  # noqa: S311 - spreads retries, guards nothing
        delay = delay_seconds(before + 1, failure.retry_after, jitter=jitter)
        self._pause(Pause(failure.log_tag, timedelta(seconds=delay), before + 1))

    def _pause_after_crash(self) -> None:
        """Keep the sensor from requesting the same failure again and again; a person still may."""
        with suppress(psycopg.Error, DatabaseUnreachableError):
            self._pause(Pause(ProviderFailure(FailureKind.CRASH).log_tag, _CRASH_PAUSE))

    def _pause(self, pause: Pause) -> None:
        self.session.run(pause_tenant, Operation.EXTRACTION, pause, self._key_version())

    def _key_version(self) -> bytes | None:
        return self.session.run(read_settings).key_version
