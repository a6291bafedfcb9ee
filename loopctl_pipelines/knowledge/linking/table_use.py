"""The tables that linking uses; `check_database` compares them with the role's privileges."""

from typing import Final

from loopctl_pipelines.database.table_use import TableUse

LINKING_TABLES: Final = TableUse(
    read=("articles", "conflict_resolutions", "loopctl_pipelines.embedding_states"),
    written=(
        "article_links",
        "loopctl_pipelines.linked_articles",
        "loopctl_pipelines.linking_tenants",
    ),
    appended=("audit_log",),
    unprotected=("loopctl_pipelines.comparable_articles",),
)
