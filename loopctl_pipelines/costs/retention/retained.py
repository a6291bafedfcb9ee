"""The result of one tenant's retention. Pure."""

from dataclasses import dataclass

from loopctl_pipelines.costs.errors import RetentionError
from loopctl_pipelines.tenants.tenant import Tenant


@dataclass(frozen=True, slots=True)
class Retained:
    """The work done for one tenant. It is committed, whatever failed.

    Attributes:
        tenant: the tenant.
        retention_days: its token_data_retention_days; None: nothing is archived.
        reports_soft_deleted: reports archived.
        reports_hard_deleted: reports deleted that had been soft-deleted long before.
        anomalies_archived: anomalies archived.
        late_reports: archived reports of days that were final before: they arrived after their day
            was archived, and no summary contains their cost, or an earlier run was interrupted.
        errors: the parts that failed, and why.
    """

    tenant: Tenant
    retention_days: int | None
    reports_soft_deleted: int = 0
    reports_hard_deleted: int = 0
    anomalies_archived: int = 0
    late_reports: int = 0
    errors: tuple[RetentionError, ...] = ()

    @property
    def rows(self) -> int:
        """The number of changed rows."""
        return self.reports_soft_deleted + self.reports_hard_deleted + self.anomalies_archived

    @property
    def late_reports_warning(self) -> str | None:
        """A warning about the late reports; None if there are none."""
        if not self.late_reports:
            return None
        return (
            f"Tenant {self.tenant.slug!r}: {self.late_reports} of the archived reports are of days "
            "that were archived before. Unless an earlier run was interrupted, they came too late "
            "and no summary contains their cost: report them again on a day that is kept."
        )
