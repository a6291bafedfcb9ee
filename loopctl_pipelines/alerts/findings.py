"""The new anomalies of a tenant: claimed for a message, and read for its text."""

from collections import Counter
from collections.abc import Collection, Mapping
from datetime import datetime
from uuid import UUID

from loopctl_pipelines.alerts.message import SHOWN_FINDINGS
from loopctl_pipelines.alerts.operator_queries import (
    count_findings,
    tenants_with_new_anomalies,
    without_zone,
)
from loopctl_pipelines.alerts.report import Finding, Findings
from loopctl_pipelines.costs.anomalies.anomaly import day_of
from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.database.statements import statement


def claim_findings(
    database: Database, message_id: UUID, since: datetime, tenant_ids: Collection[UUID] | None
) -> bool:
    """Claim the tenants' new anomalies for a message; return whether it has any. Safe to repeat.

    Args:
        database: loopctl's database.
        message_id: the message.
        since: older anomalies are not alerted; with a time zone.
        tenant_ids: the tenants; None: all.
    """
    for tenant_id in tenants_with_new_anomalies(database, since, tenant_ids):
        parameters = {
            "tenant_id": tenant_id,
            "message_id": message_id,
            "since": without_zone(since),
        }
        with database.tenant_transaction(tenant_id) as connection:
            connection.execute(statement(__package__, "claim_anomalies"), parameters)
    return bool(count_findings(database, [message_id]))


def read_findings(
    database: Database, message_ids: Collection[UUID], slugs: Mapping[UUID, str]
) -> Findings:
    """Return the anomalies that these messages are about: how many, and the costliest.

    Args:
        database: loopctl's database.
        message_ids: the messages.
        slugs: every tenant's slug, by its id.
    """
    counts = count_findings(database, message_ids)
    kinds: Counter[str] = Counter()
    largest: dict[UUID, int] = {}
    for count in counts:
        kinds[count.anomaly_type] += count.number
        largest[count.tenant_id] = max(count.largest, largest.get(count.tenant_id, count.largest))
    # no tenant beyond these can have one of the costliest
    costliest = sorted(largest, key=lambda tenant: (-largest[tenant], tenant))[:SHOWN_FINDINGS]
    found = [
        finding
        for tenant_id in costliest
        for finding in _of_tenant(database, tenant_id, slugs.get(tenant_id, ""), message_ids)
    ]
    found.sort(key=lambda finding: -finding.cost_millicents)
    return Findings(kinds, len(largest), tuple(found[:SHOWN_FINDINGS]))


def _of_tenant(
    database: Database, tenant_id: UUID, slug: str, message_ids: Collection[UUID]
) -> list[Finding]:
    parameters = {
        "tenant_id": tenant_id,
        "message_ids": list(message_ids),
        "most": SHOWN_FINDINGS,
    }
    with database.tenant_transaction(tenant_id) as connection:
        rows = connection.execute(statement(__package__, "read_findings"), parameters).fetchall()
    return [
        Finding(slug, day_of(period), kind, title, cost, factor)
        for period, kind, title, cost, factor in rows
    ]
