"""The tables of claims, pauses and finished tenants."""

from typing import Final

from loopctl_pipelines.database.table_use import TableUse

TENANT_WORK_TABLES: Final = TableUse(
    written=("loopctl_pipelines.tenant_operations", "loopctl_pipelines.finished_tenants")
)
