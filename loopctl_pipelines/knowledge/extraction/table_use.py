"""The tables that extraction uses; `check_database` compares them with the role's privileges."""

from typing import Final

from loopctl_pipelines.database.table_use import TableUse
from loopctl_pipelines.knowledge.tenant_work.table_use import TENANT_WORK_TABLES
from loopctl_pipelines.llm.table_use import LLM_TABLES

EXTRACTION_TABLES: Final = TableUse(
    read=("tenant_llm_settings", "projects", "stories", "review_records"),
    written=(
        "articles",
        *LLM_TABLES.written,
        *TENANT_WORK_TABLES.written,
        "loopctl_pipelines.ingestion_requests",
        "loopctl_pipelines.extractions",
        "loopctl_pipelines.extracted_reviews",
    ),
    appended=("audit_log",),
    needs_vectors=True,
)
