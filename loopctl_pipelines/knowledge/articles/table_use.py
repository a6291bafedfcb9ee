"""The tables that reading and changing articles uses, compared with the role's privileges."""

from typing import Final

from loopctl_pipelines.database.table_use import TableUse
from loopctl_pipelines.webhooks.outbox import OUTBOX_TABLES

ARTICLE_TABLES: Final = TableUse(
    read=("projects", "article_links", "conflict_resolutions", *OUTBOX_TABLES.read),
    written=("articles",),
    appended=("audit_log", *OUTBOX_TABLES.appended),
    needs_vectors=True,
)
