"""The metadata of a materialization of `article_links`, as the Dagster UI shows it."""

from collections.abc import Mapping

from dagster import MetadataValue, TableColumn, TableSchema

from loopctl_pipelines.knowledge.linking.linker import LinkedTenant

LINK_COLUMNS = TableSchema(
    columns=[
        TableColumn("source_article_id", "uuid", "the article that was linked"),
        TableColumn("target_article_id", "uuid", "one of its nearest articles"),
        TableColumn("relationship_type", "text", "`relates_to` or `potential_conflict`"),
        TableColumn("metadata", "jsonb", "`auto_generated` and `similarity_score`"),
    ]
)


def linked_metadata(linked: LinkedTenant) -> Mapping[str, MetadataValue]:
    """Describe what a run did for one tenant, and how it searched."""
    counts = linked.counts
    return {
        "articles linked": MetadataValue.int(counts.articles),
        "links added": MetadataValue.int(counts.added),
        "links updated": MetadataValue.int(counts.updated),
        "links removed": MetadataValue.int(counts.removed),
        "unchecked proposals unpublished": MetadataValue.int(linked.unpublished),
        "searched exactly": MetadataValue.int(linked.exact),
        "searched in the index": MetadataValue.int(linked.approximate),
        "too few in the index, searched again": MetadataValue.int(linked.repeated),
    }
