"""What costs need of the database; `check_database` compares it with what the role may do."""

from typing import Final

from loopctl_pipelines.database.table_use import TableUse
from loopctl_pipelines.webhooks.outbox import OUTBOX_TABLES

_AS_OBJECT: Final = ("loopctl_pipelines.as_object(jsonb)",)

COST_TABLES: Final = TableUse(
    read=(
        "token_usage_reports",
        "stories",
        "agents",
        "loopctl_pipelines.archived_days",
        *OUTBOX_TABLES.read,
    ),
    written=(
        "cost_summaries",
        "cost_anomalies",
        "token_budgets",
        "loopctl_pipelines.cost_baselines",
        "loopctl_pipelines.project_baselines",
    ),
    appended=("audit_log", *OUTBOX_TABLES.appended),
    unprotected=(
        "tenants",
        "loopctl_pipelines.live_reports",
        "loopctl_pipelines.late_reports",
    ),
    functions=_AS_OBJECT,
)
"""For summaries, anomalies and budgets."""

RETENTION_TABLES: Final = TableUse(
    read=("stories", "audit_log"),
    written=(
        "token_usage_reports",
        "cost_summaries",
        "cost_anomalies",
        "loopctl_pipelines.archived_days",
        "loopctl_pipelines.unaudited_retention",
    ),
    appended=("audit_log",),
    unprotected=("loopctl_pipelines.live_reports", "loopctl_pipelines.late_reports"),
    functions=_AS_OBJECT,
)
"""For archiving and deleting token usage."""
