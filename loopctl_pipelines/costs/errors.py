"""The errors of costs. Messages never repeat a row."""

from datetime import date
from uuid import UUID

from loopctl_pipelines.errors import PipelinesError, SelectionError


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
        last: last UTC day of the work that failed, inclusive.
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


class BaselineError(TenantWorkError):
    """Computing the baselines of one tenant and range of days failed."""

    work = "Computing the baselines"


class DetectionError(TenantWorkError):
    """The anomaly detection of one tenant and range of days failed."""

    work = "Anomaly detection"


class BudgetError(TenantWorkError):
    """The check of one tenant's budgets failed."""

    work = "The check of the budgets"


class CheckError(TenantWorkError):
    """A check of stored costs against the reports failed to run."""

    work = "Check"


class TenantSettingsError(PipelinesError):
    """A setting in a tenant's own `settings` cannot be used. It is logged, never raised."""

    def __init__(self, slug: str, place: str, problem: str) -> None:
        super().__init__(
            f"Tenant {slug!r}: settings.{place} {problem}. Until it is repaired, none of the "
            "tenant's own settings for anomalies are used, but the operator's."
        )
        self.slug = slug
        self.place = place


class RetentionError(PipelinesError):
    """A part of one tenant's retention was not done. Other parts and tenants are not affected."""


class RetentionStoppedError(RetentionError):
    """A statement of a tenant's retention failed; the batches before it are committed."""

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
