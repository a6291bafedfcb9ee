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


class PipelinesError(Exception):
    """Root of the tree; the CLI prints it as one sentence, without a traceback."""


class SettingsError(PipelinesError):
    """A setting cannot be used. The message names it."""

    def __init__(self, name: str, problem: str) -> None:
        super().__init__(f"{name} {problem}")
        self.name = name


class SelectionError(PipelinesError):
    """A tenant or a day that cannot be asked for."""
