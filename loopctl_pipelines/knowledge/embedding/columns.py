"""Column schemas of the articles, as the Dagster UI shows them."""

from typing import Final

from dagster import TableColumn, TableSchema

ARTICLE_COLUMNS: Final = TableSchema(
    columns=[
        TableColumn(
            "tenant_id",
            "uuid",
            "the tenant; null for loopctl's own articles, which are never embedded",
        ),
        TableColumn("title", "text", "unique among a tenant's articles"),
        TableColumn("body", "text", "of any length"),
        TableColumn("status", "text", "only published articles are embedded"),
    ]
)

EMBEDDING_COLUMNS: Final = TableSchema(
    columns=[
        TableColumn("embedding", "vector(1536)", "of title, blank line and body"),
        TableColumn("embedding_content_hash", "text", "SHA-256 of model, dimension and that text"),
    ]
)
