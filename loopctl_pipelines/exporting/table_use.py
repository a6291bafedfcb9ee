"""What exports need of the database; `check_database` compares it with what the role may do."""

from typing import Final

from loopctl_pipelines.database.table_use import TableUse

EXPORT_TABLES: Final = TableUse(
    read=("cost_summaries", "agents", "epics", "projects"),
    unprotected=("tenants",),
    functions=("loopctl_pipelines.as_object(jsonb)",),
)
"""Summaries, and the names of what they add up."""
