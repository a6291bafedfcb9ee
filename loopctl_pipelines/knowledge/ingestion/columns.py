"""Column schema of the requests, as the Dagster UI shows it."""

from typing import Final

from dagster import TableColumn, TableSchema

REQUEST_COLUMNS: Final = TableSchema(
    columns=[
        TableColumn("tenant_id", "uuid", "the tenant"),
        TableColumn("url", "text", "without userinfo, query and fragment; null for content"),
        TableColumn("content", "text", "text or Markdown; deleted some time after completion"),
        TableColumn("source_type", "text", "kind of source, copied to the articles"),
        TableColumn("state", "text", "pending, done or failed"),
        TableColumn("failure", "text", "a code"),
    ]
)
