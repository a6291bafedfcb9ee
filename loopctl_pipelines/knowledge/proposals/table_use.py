"""The tables that the gate uses, compared with the role's privileges."""

from typing import Final

from loopctl_pipelines.database.table_use import TableUse
from loopctl_pipelines.knowledge.articles.table_use import ARTICLE_TABLES
from loopctl_pipelines.knowledge.embedding.table_use import EMBEDDING_TABLES

PROPOSAL_TABLES: Final = TableUse(
    read=(*EMBEDDING_TABLES.read, *ARTICLE_TABLES.read),
    written=(*EMBEDDING_TABLES.written, "loopctl_pipelines.unchecked_proposals"),
    appended=("kb_curation_events", *ARTICLE_TABLES.appended),
    unprotected=("tenants", *EMBEDDING_TABLES.unprotected),
    needs_vectors=True,
)
