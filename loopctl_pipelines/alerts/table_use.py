"""What alerts need of the database, in tenants' transactions."""

from typing import Final

from loopctl_pipelines.database.table_use import TableUse

ALERT_TABLES: Final = TableUse(
    read=("cost_anomalies", "stories", "projects", "audit_log"),
    written=("loopctl_pipelines.alerted_findings",),
    unprotected=("tenants",),
)
