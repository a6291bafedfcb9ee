"""Reads an anomaly with the costs of its epic's other stories, for display."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any, Final
from uuid import UUID

from psycopg.rows import class_row

from loopctl_pipelines.anomaly_rule import AnomalyRule
from loopctl_pipelines.costs.display.compared_story import MOST_SHOWN, ComparedStory
from loopctl_pipelines.costs.display.stored_costs import StoredAnomaly
from loopctl_pipelines.costs.tenant_work.tenant_rule import tenant_rule
from loopctl_pipelines.database.connection import Database, TenantConnection
from loopctl_pipelines.database.statements import statement
from loopctl_pipelines.tenants.tenant import Tenant

_FIRST_DAY: Final = date(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class AnomalyDetails(StoredAnomaly):
    """A row of cost_anomalies with its metadata, and the epic of its story."""

    metadata: Mapping[str, Any]
    epic_id: UUID | None

    @property
    def first_day(self) -> date | None:
        """The first UTC day whose costs are added up; None if the anomaly names no day."""
        last, days = self.day, self.metadata.get("days", 1)
        if last is None:
            return None
        # a rule may compare the whole cost of a story
        return last - timedelta(days=days - 1) if isinstance(days, int) else _FIRST_DAY


def anomaly_details(
    database: Database, tenant: Tenant, anomaly_id: UUID, rule: AnomalyRule
) -> tuple[AnomalyDetails, ComparedStory] | None:
    """Return one of the tenant's anomalies, and its story beside the epic's others.

    The others' costs are those of today's reports: they may have changed since the detection.

    Args:
        database: loopctl's database.
        tenant: the tenant.
        anomaly_id: the anomaly.
        rule: the operator's rule, for the threshold if the anomaly does not name it.
    """
    parameters = {"tenant_id": tenant.id, "anomaly_id": anomaly_id}
    with database.tenant_transaction(tenant.id) as connection:
        cursor = connection.cursor(row_factory=class_row(AnomalyDetails))
        found = cursor.execute(statement(__package__, "anomaly_details"), parameters).fetchone()
        if found is None:
            return None
        peers, others = _peers(connection, tenant, found)
        factor = _factor(found, tenant_rule(connection, tenant, rule).rule)
    story = ComparedStory(
        title=found.story_title,
        anomaly_type=found.anomaly_type,
        cost=found.story_cost_millicents,
        peers=peers,
        others=others,
        reference=found.reference_avg_millicents,
        factor=factor,
    )
    return found, story


def _peers(
    connection: TenantConnection, tenant: Tenant, anomaly: AnomalyDetails
) -> tuple[list[int], int]:
    """Return the costs of the epic's other stories, as many as are shown, and their number."""
    if anomaly.day is None or anomaly.epic_id is None:
        return [], 0
    parameters = {
        "tenant_id": tenant.id,
        "epic_id": anomaly.epic_id,
        "story_id": anomaly.story_id,
        "first": anomaly.first_day,
        "end": anomaly.day + timedelta(days=1),
        "most": MOST_SHOWN,
    }
    rows = connection.execute(statement(__package__, "peer_costs"), parameters).fetchall()
    return [cost for cost, _ in rows], rows[0][1] if rows else 0


def _factor(anomaly: AnomalyDetails, rule: AnomalyRule) -> Decimal | None:
    """Return where the anomaly begins: as it was detected, else by the rule of today."""
    try:
        return Decimal(str(anomaly.metadata["threshold"]))
    except (KeyError, InvalidOperation):
        pass
    if anomaly.anomaly_type == "high_cost":
        return rule.high_factor
    return rule.low_factor if anomaly.anomaly_type == "suspiciously_low" else None
