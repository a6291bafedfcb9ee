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
    |   |-- MalformedDayError
    |   |-- DayOutsidePartitionsError
    |   `-- ReversedRangeError
    |-- TenantWorkError               one tenant's statement failed; its transaction is rolled back
    |   |-- RollupError
    |   `-- DetectionError
    |-- DemoRefusedError              the sample does not belong into this database
    |-- UiAlreadyOpenError            the Dagster UI runs on this LOOPCTL_HOME
    `-- UsageFileError                a file given to `load` cannot be read as usage
"""

from datetime import date


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


class UsageFileError(PipelinesError):
    """A usage file has no such column, or a row that cannot be read. The message names the line."""
