"""What is new about a tenant's costs: claimed for a message, and read for its text."""

from collections import Counter
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from loopctl_pipelines.alerts.message import SHOWN_ANOMALIES, SHOWN_BUDGETS
from loopctl_pipelines.alerts.operator_queries import (
    count_anomalies,
    count_budgets,
    tenants_with_new_findings,
    without_zone,
)
from loopctl_pipelines.alerts.report import AnomalyFinding, BudgetFinding, Findings
from loopctl_pipelines.costs.anomalies.anomaly import day_of
from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.database.statements import statement


def claim_findings(
    database: Database, message_id: UUID, since: datetime, tenant_ids: Collection[UUID]
) -> bool:
    """Claim what is new about the tenants for a message; return whether it has anything.

    Safe to repeat.

    Args:
        database: loopctl's database.
        message_id: the message.
        since: what is older is not alerted; with a time zone.
        tenant_ids: the tenants.
    """
    for tenant_id in tenants_with_new_findings(database, since, tenant_ids):
        parameters = {
            "tenant_id": tenant_id,
            "message_id": message_id,
            "since": without_zone(since),
        }
        with database.tenant_transaction(tenant_id) as connection:
            for name in ("claim_anomalies", "claim_budgets"):
                connection.execute(statement(__package__, name), parameters)
    messages = [message_id]
    return bool(count_anomalies(database, messages) or count_budgets(database, messages, since))


def read_findings(
    database: Database, message_ids: Collection[UUID], since: datetime, slugs: Mapping[UUID, str]
) -> Findings:
    """Return what these messages are about: how much, and the costliest of it.

    Args:
        database: loopctl's database.
        message_ids: the messages.
        since: as when it was claimed.
        slugs: every tenant's slug, by its id.
    """
    found = _Reader(database, message_ids, since, slugs)
    anomalies: Counter[str] = Counter()
    largest: dict[UUID, int] = {}
    for count in count_anomalies(database, message_ids):
        anomalies[count.anomaly_type] += count.number
        largest[count.tenant_id] = max(count.largest, largest.get(count.tenant_id, count.largest))
    budgets: Counter[str] = Counter()
    budgets_of: Counter[UUID] = Counter()
    for tenant_id, threshold, number in count_budgets(database, message_ids, since):
        budgets[threshold] += number
        budgets_of[tenant_id] += number
    # no tenant beyond these can have one of the costliest
    costliest = sorted(largest, key=lambda tenant: (-largest[tenant], tenant))[:SHOWN_ANOMALIES]
    shown = [each for tenant_id in costliest for each in found.anomalies(tenant_id)]
    shown.sort(key=lambda anomaly: -anomaly.cost_millicents)
    with_budgets = sorted(budgets_of)[:SHOWN_BUDGETS]
    shown_budgets = [each for tenant_id in with_budgets for each in found.budgets(tenant_id)]
    return Findings(
        anomalies,
        len(largest),
        tuple(shown[:SHOWN_ANOMALIES]),
        budgets,
        tuple(shown_budgets[:SHOWN_BUDGETS]),
    )


class _Reader:
    """Reads what some messages are about, tenant by tenant."""

    def __init__(
        self,
        database: Database,
        message_ids: Collection[UUID],
        since: datetime,
        slugs: Mapping[UUID, str],
    ) -> None:
        self._database = database
        self._parameters = {"message_ids": list(message_ids), "since": without_zone(since)}
        self._slugs = slugs

    def anomalies(self, tenant_id: UUID) -> list[AnomalyFinding]:
        """Return the costliest of a tenant's anomalies."""
        return [
            AnomalyFinding(self._slug(tenant_id), day_of(period), *row)
            for period, *row in self._rows("read_anomalies", tenant_id, SHOWN_ANOMALIES)
        ]

    def budgets(self, tenant_id: UUID) -> list[BudgetFinding]:
        """Return the most used of a tenant's budgets."""
        rows = self._rows("read_budgets", tenant_id, SHOWN_BUDGETS)
        return [BudgetFinding(self._slug(tenant_id), *row) for row in rows]

    def _slug(self, tenant_id: UUID) -> str:
        return self._slugs.get(tenant_id, "")

    def _rows(self, name: str, tenant_id: UUID, most: int) -> list[tuple[Any, ...]]:
        parameters = {**self._parameters, "tenant_id": tenant_id, "most": most}
        with self._database.tenant_transaction(tenant_id) as connection:
            return connection.execute(statement(__package__, name), parameters).fetchall()
