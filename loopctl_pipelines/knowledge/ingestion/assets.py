"""The asset of ingestion: the documents that tenants handed in."""

from dagster import AssetSpec

from loopctl_pipelines.knowledge.ingestion.columns import REQUEST_COLUMNS

ingestion_requests = AssetSpec(
    "ingestion_requests",
    description="Documents that tenants handed in, by `loopctl-pipelines ingest` or the API.",
    group_name="ingestion",
    owners=["team:loopctl-operators"],
    kinds={"postgres"},
    metadata={
        "dagster/table_name": "loopctl_pipelines.ingestion_requests",
        "dagster/column_schema": REQUEST_COLUMNS,
    },
)
