"""The tables that embedding uses; `check_database` compares them with the role's privileges."""

from typing import Final

from loopctl_pipelines.database.table_use import TableUse
from loopctl_pipelines.knowledge.tenant_work.table_use import TENANT_WORK_TABLES
from loopctl_pipelines.llm.table_use import LLM_TABLES

EMBEDDING_TABLES: Final = TableUse(
    read=("tenant_llm_settings",),
    written=(
        "articles",
        *LLM_TABLES.written,
        "loopctl_pipelines.embedding_states",
        "loopctl_pipelines.embedding_endpoints",
        "loopctl_pipelines.unwritten_vectors",
        *TENANT_WORK_TABLES.written,
    ),
    appended=("audit_log",),
    unprotected=("loopctl_pipelines.pending_articles",),
    needs_vectors=True,
)
