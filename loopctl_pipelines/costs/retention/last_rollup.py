"""The last rollup of days before they are archived: it makes their costs final."""

from dataclasses import dataclass

from loopctl_pipelines.anomaly_rule import AnomalyRule
from loopctl_pipelines.costs.anomalies.detection import detect_anomalies
from loopctl_pipelines.costs.planning.tenant_days import TenantDays, tenant_days
from loopctl_pipelines.costs.summaries.rollup_protocol import Rollup
from loopctl_pipelines.database.connection import TenantConnection


@dataclass(frozen=True, slots=True)
class LastRollup:
    """Rolls days up once more; for those that were stale, detects the anomalies as well.

    Attributes:
        rollup: computes the summaries.
        rule: the operator's rule of the anomalies.
    """

    rollup: Rollup
    rule: AnomalyRule

    def run(self, connection: TenantConnection, unit: TenantDays) -> None:
        """Make the days' costs final, in a transaction that archives them next."""
        slug = unit.tenant.slug
        done = self.rollup.roll_up(connection, unit)
        recomputed = [(day.day, slug) for day in done if day.was_stale]
        for days in tenant_days(recomputed, {slug: unit.tenant}):
            detect_anomalies(connection, days, rule=self.rule)
