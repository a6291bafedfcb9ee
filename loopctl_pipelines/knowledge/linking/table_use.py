"""The tables that linking uses; `check_database` compares them with the role's privileges."""

from typing import Final

from loopctl_pipelines.database.table_use import TableUse
from loopctl_pipelines.webhooks.outbox import OUTBOX_TABLES

LINKING_TABLES: Final = TableUse(
    read=("conflict_resolutions", "loopctl_pipelines.embedding_states", *OUTBOX_TABLES.read),
    written=(
        "articles",
        "loopctl_pipelines.unchecked_proposals",
        "article_links",
        "loopctl_pipelines.linked_articles",
        "loopctl_pipelines.linking_tenants",
    ),
    appended=("audit_log", *OUTBOX_TABLES.appended),
    unprotected=(
        "loopctl_pipelines.comparable_articles",
        "loopctl_pipelines.pending_articles",
    ),
    needs_vectors=True,
)
