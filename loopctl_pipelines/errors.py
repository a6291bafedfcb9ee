"""Every error this project raises on purpose, as one tree.

A message says what happened, to which tenant and day, and what to do. It never repeats text that
came from a provider or from a tenant's rows: Dagster stores messages for good.

    PipelinesError
    |-- SettingsError                 a LOOPCTL_* setting cannot be used
    |-- DatabaseNotUsableError        LOOPCTL_DATABASE_URL leads to no database that fits
    |   |-- DatabaseUnreachableError
    |   |-- DatabaseTooOldError
    |   |-- ExtensionMissingError
    |   |-- RoleUnfitError
    |   |-- DatabaseBusyError
    |   |-- SchemaMissingError
    |   |-- SchemaTooOldError
    |   `-- SchemaTooNewError
    |-- EmbeddedServerError           the embedded PostgreSQL does not start or stop
    |-- SelectionError                a tenant or day that cannot be asked for
    |   |-- UnknownTenantError
    |   |-- InactiveTenantError
    |   |-- UnknownAnomalyError
    |   |-- MalformedDayError
    |   |-- DayOutsidePartitionsError
    |   `-- ReversedRangeError
    |-- TenantWorkError               one tenant's statement failed; its transaction is rolled back
    |   |-- RollupError
    |   |-- DetectionError
    |   `-- ReconciliationError
    |-- TenantSettingsError           a tenant's own setting cannot be used; the default applies
    |-- RetentionError                a part of one tenant's retention was not done
    |   |-- RetentionStoppedError
    |   `-- RetentionDaysError
    |-- DemoRefusedError              the sample does not belong into this database
    |-- UiAlreadyOpenError            the Dagster UI runs on this LOOPCTL_HOME
    |-- AddressNotUsableError         the API cannot listen where it was told to
    |-- EmbeddingError                a tenant's articles stay unembedded until somebody acts
    |   |-- KeyOrModelRefusedError
    |   |-- SecretUnreadableError
    |   |-- EmbeddingDatabaseError
    |   |-- ClaimLostError
    |   `-- EmbeddingCrashError
    |-- RequestRefusedError           an HTTP request that is answered with an error status
    |-- ProviderError                 the embedding provider gave no usable answer
    `-- UsageFileError                a file given to `load` cannot be read as usage
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from uuid import UUID


class PipelinesError(Exception):
    """Root of the tree; the CLI prints it as one sentence, without a traceback."""


class SettingsError(PipelinesError):
    """A setting cannot be used. The message names it."""

    def __init__(self, name: str, problem: str) -> None:
        super().__init__(f"{name} {problem}")
        self.name = name


class DatabaseNotUsableError(PipelinesError):
    """The database of LOOPCTL_DATABASE_URL cannot be worked with."""


class DatabaseUnreachableError(DatabaseNotUsableError):
    """Nothing answers at the URL, or it refuses the login."""


class DatabaseTooOldError(DatabaseNotUsableError):
    """The server is older than PostgreSQL 15."""


class ExtensionMissingError(DatabaseNotUsableError):
    """pgvector is not installed on the server."""


class RoleUnfitError(DatabaseNotUsableError):
    """A role has too few rights, or so many that row-level security does not bind it."""


class DatabaseBusyError(DatabaseNotUsableError):
    """A lock that the upgrade needs was not to be had in time."""


class SchemaMissingError(DatabaseNotUsableError):
    """`loopctl-pipelines db upgrade` has not run on this database."""


class SchemaTooOldError(DatabaseNotUsableError):
    """loopctl's own tables are older than what is read from them."""


class SchemaTooNewError(DatabaseNotUsableError):
    """A newer version of this project has upgraded the database."""


class EmbeddedServerError(PipelinesError):
    """The embedded PostgreSQL does not start or stop."""


class SelectionError(PipelinesError):
    """A tenant or a day that cannot be asked for."""


class UnknownTenantError(SelectionError):
    """No tenant has this slug."""

    def __init__(self, slug: str) -> None:
        super().__init__(f"No tenant has the slug {slug!r}. See `loopctl-pipelines tenants sync`.")


class InactiveTenantError(SelectionError):
    """The tenant exists, but is suspended, deactivated or pending enrollment."""

    def __init__(self, slug: str, status: str) -> None:
        super().__init__(
            f"Tenant {slug!r} is {status}: only active tenants are computed. "
            "What was computed for it before stays as it is."
        )


class UnknownAnomalyError(SelectionError):
    """No anomaly of the tenant, or of any tenant, has this id."""

    def __init__(self, anomaly: UUID, slug: str | None) -> None:
        who = "No tenant has an" if slug is None else f"Tenant {slug!r} has no"
        super().__init__(
            f"{who} anomaly {anomaly}. `loopctl-pipelines anomalies --all` lists those there are."
        )


class MalformedDayError(SelectionError):
    """A day that is not an ISO date."""

    def __init__(self, text: str) -> None:
        super().__init__(f"{text!r} is not a day. Write it as 2026-04-02 (year, month, day, UTC).")


class DayOutsidePartitionsError(SelectionError):
    """A day before LOOPCTL_START_DATE, today or later."""

    def __init__(self, day: date, first: date, last: date) -> None:
        super().__init__(
            f"{day} has no partition: days run from {first} (LOOPCTL_START_DATE) to {last} "
            "(the last day that is over, UTC)."
        )


class ReversedRangeError(SelectionError):
    """The last day of a range lies before its first."""

    def __init__(self, first: date, last: date) -> None:
        super().__init__(f"The range {first} to {last} is reversed: give the earlier day first.")


class TenantWorkError(PipelinesError):
    """One tenant's statement failed. Its transaction was rolled back: nothing is half-written.

    Attributes:
        slug: the tenant.
        first: first UTC day of the work that failed.
        last: last UTC day of it, inclusive.
        sqlstate: PostgreSQL's five-character code, or None where the connection was lost.
    """

    work = "Work"

    def __init__(
        self, slug: str, first: date, last: date, *, sqlstate: str | None, cause: str
    ) -> None:
        days = f"{first}" if first == last else f"{first} to {last}"
        super().__init__(
            f"{self.work} of tenant {slug!r} for {days} failed: {cause} "
            f"(SQLSTATE {sqlstate or 'none'}). Nothing of it was written; "
            "repair the cause, then materialize the failed partitions again."
        )
        self.slug = slug
        self.first = first
        self.last = last
        self.sqlstate = sqlstate


class RollupError(TenantWorkError):
    """The rollup of one tenant and range of days failed."""

    work = "Rollup"


class DetectionError(TenantWorkError):
    """The anomaly detection of one tenant and range of days failed."""

    work = "Anomaly detection"


class ReconciliationError(TenantWorkError):
    """The comparison of what is stored with the reports failed."""

    work = "Reconciliation"


class TenantSettingsError(PipelinesError):
    """A setting in a tenant's own `settings` cannot be used. It is reported, never raised."""

    def __init__(self, slug: str, place: str, problem: str) -> None:
        super().__init__(
            f"Tenant {slug!r}: settings.{place} {problem}. Until it is repaired, none of the "
            "tenant's own settings for anomalies are used, but the operator's."
        )
        self.slug = slug
        self.place = place


class RetentionError(PipelinesError):
    """A part of one tenant's retention was not done. Other parts and other tenants were."""


class RetentionStoppedError(RetentionError):
    """A statement of it failed; batches before it are committed."""

    def __init__(self, slug: str, part: str, *, sqlstate: str | None, cause: str) -> None:
        super().__init__(
            f"Retention of tenant {slug!r} stopped ({part}): {cause} "
            f"(SQLSTATE {sqlstate or 'none'}). What was done before stays done; repair the cause, "
            "then materialize token_data_retention again: it goes on from there."
        )


class RetentionDaysError(RetentionError):
    """The tenant's token_data_retention_days is shorter than loopctl allows."""

    def __init__(self, slug: str, days: int, shortest: int) -> None:
        super().__init__(
            f"Nothing of tenant {slug!r} was archived: its token_data_retention_days is {days}, "
            f"and the least is {shortest}. Correct it in loopctl, or set it to null."
        )


class DemoRefusedError(PipelinesError):
    """The database holds tenants that are not the sample's, so it is no place for a demo."""

    def __init__(self, tenants: int) -> None:
        super().__init__(
            f"The database holds tenants that are not the sample's ({tenants}): nothing was "
            "written. Unset LOOPCTL_DATABASE_URL to use the embedded PostgreSQL, set LOOPCTL_HOME "
            "to a new folder if that is the one in use, or name an empty database."
        )
        self.tenants = tenants


class UiAlreadyOpenError(PipelinesError):
    """The Dagster UI runs on this LOOPCTL_HOME already."""

    def __init__(self, address: str) -> None:
        super().__init__(f"The Dagster UI is open already: {address}")


class AddressNotUsableError(PipelinesError):
    """The API cannot listen where it was told to."""

    def __init__(self, host: str, port: int) -> None:
        super().__init__(
            f"The API cannot listen at {host}:{port}: the port is taken, or the address is not "
            "this machine's. Choose others with --host and --port."
        )


class RequestRefusedError(PipelinesError):
    """An HTTP request that is answered with an error status.

    Attributes:
        status: the HTTP status.
        message: what the client is told.
        details: problems by name of the field; None where there are no single fields.
        headers: of the response, such as Retry-After.
    """

    def __init__(
        self,
        status: int,
        message: str,
        *,
        details: Mapping[str, Sequence[str]] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.details = details
        self.headers = headers


class FailureKind(StrEnum):
    """How a request to the embedding provider can end without vectors; there is no other way."""

    API_ERROR = "api_error"
    MALFORMED = "malformed"
    REQUEST_FAILED = "request_failed"
    TIMEOUT = "timeout"
    CRASH = "embedding_crash"
    CIRCUIT_OPEN = "circuit_open"
    NO_API_KEY = "no_api_key"
    UNUSABLE_KEY = "unusable_key"


@dataclass(frozen=True, slots=True)
class ProviderFailure:
    """All that is kept of a failed request: values from closed sets, never text.

    Attributes:
        kind: what went wrong.
        status: HTTP status from 100 to 999, of an `api_error` only.
        retry_after: seconds from 0 to 300 the provider asked to wait, of an `api_error` only.

    Raises:
        ValueError: if a value lies outside its set.
    """

    kind: FailureKind
    status: int | None = None
    retry_after: int | None = None

    def __post_init__(self) -> None:
        answered = self.kind is FailureKind.API_ERROR
        if type(self.kind) is not FailureKind:
            raise ValueError("kind must be a FailureKind")
        if not _within(self.status, 100, 999) or not (answered or self.status is None):
            raise ValueError("status must be an HTTP status of an api_error, or None")
        if not _within(self.retry_after, 0, 300) or not (answered or self.retry_after is None):
            raise ValueError("retry_after must be 0 to 300 seconds of an api_error, or None")

    @property
    def log_tag(self) -> str:
        """The kind, for an API error also the status: all that logs and events may show."""
        return self.kind.value if self.status is None else f"{self.kind.value} status={self.status}"


def _within(value: object, low: int, high: int) -> bool:
    return value is None or (type(value) is int and low <= value <= high)


class ProviderError(PipelinesError):
    """The embedding provider gave no usable answer. Holds a `ProviderFailure` and nothing else."""

    def __init__(self, failure: ProviderFailure) -> None:
        super().__init__(f"No embedding ({failure.log_tag}): {_ADVICE[failure.kind]}")
        self.failure = failure

    def __reduce__(self) -> tuple[type["ProviderError"], tuple[ProviderFailure]]:
        return ProviderError, (self.failure,)


_ADVICE = {
    FailureKind.API_ERROR: "the provider refused the request; its documentation says "
    "what the status means.",
    FailureKind.MALFORMED: "the provider's answer is not one valid vector per text; check "
    "LOOPCTL_EMBEDDING_BASE_URL and the tenant's model.",
    FailureKind.REQUEST_FAILED: "the provider was not reached, or the connection broke; check "
    "LOOPCTL_EMBEDDING_BASE_URL and the network.",
    FailureKind.TIMEOUT: "the provider did not answer in time; it is tried again later.",
    FailureKind.CRASH: "the client failed in an unforeseen way; it is tried again later.",
    FailureKind.CIRCUIT_OPEN: "the tenant's circuit breaker is open; it is tried again later.",
    FailureKind.NO_API_KEY: "the tenant has no embedding key; set one in its LLM settings.",
    FailureKind.UNUSABLE_KEY: "the tenant's embedding key has characters no HTTP header can "
    "carry; set it anew.",
}


class EmbeddingError(PipelinesError):
    """A tenant's articles stay unembedded until somebody acts. What was embedded stays.

    Attributes:
        slug: the tenant.
    """

    def __init__(self, slug: str, problem: str) -> None:
        super().__init__(f"Embedding the articles of tenant {slug!r}: {problem}")
        self.slug = slug


class KeyOrModelRefusedError(EmbeddingError):
    """The provider refuses every text alike: the key or the model is at fault."""

    def __init__(self, slug: str, failure_tag: str, articles: int) -> None:
        super().__init__(
            slug,
            f"the provider refuses the tenant's key or model ({failure_tag}). {articles} "
            "articles are set aside until the tenant changes one of them in its LLM settings.",
        )


class EmbeddingDatabaseError(EmbeddingError):
    """A statement on the tenant's articles failed; its transaction is rolled back."""

    def __init__(self, slug: str, cause: str, sqlstate: str | None) -> None:
        state = sqlstate or "none"
        super().__init__(slug, f"{cause} (SQLSTATE {state}). Repair it, then run it again.")


class ClaimLostError(EmbeddingError):
    """The run stood still for longer than its lease, and another run has the tenant now."""

    def __init__(self, slug: str) -> None:
        super().__init__(slug, "this run stood still for too long; another one goes on with it.")


class EmbeddingCrashError(EmbeddingError):
    """Something unforeseen happened; only its kind is told, because its text may quote a key."""

    def __init__(self, slug: str, failure: ProviderFailure) -> None:
        super().__init__(slug, f"the work ended unforeseen ({failure.log_tag}). Run it again.")


class SecretUnreadableError(EmbeddingError):
    """A tenant's encrypted key cannot be decrypted."""

    def __init__(self, slug: str) -> None:
        super().__init__(
            slug,
            "its embedding key cannot be decrypted. Set LOOPCTL_CLOAK_KEY to the key that loopctl "
            "encrypts with, or have the tenant set its embedding key anew.",
        )


class UsageFileError(PipelinesError):
    """A usage file has no such column, or a row that cannot be read. The message names the line."""
