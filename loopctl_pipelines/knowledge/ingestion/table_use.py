"""The tables that ingestion uses; `check_database` compares them with the role's privileges."""

from typing import Final

from loopctl_pipelines.database.table_use import TableUse

INGESTION_TABLES: Final = TableUse(
    read=("projects",),
    written=("loopctl_pipelines.ingestion_requests",),
    # documents that are handed in become articles
    needs_vectors=True,
)
