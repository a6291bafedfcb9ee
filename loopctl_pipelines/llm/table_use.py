"""What a call to a vendor needs of the database: its circuit and the ledger."""

from typing import Final

from loopctl_pipelines.database.table_use import TableUse

LLM_TABLES: Final = TableUse(written=("llm_usage_events", "loopctl_pipelines.circuit_breakers"))
