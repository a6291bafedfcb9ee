"""What a person sees at a materialization of `article_embeddings` in the Dagster UI."""

from collections.abc import Mapping

from dagster import MetadataValue, TableColumn, TableRecord, TableSchema

from loopctl_pipelines.knowledge.embedding.work.tenant_outcome import TenantReport

_FAILURES_SCHEMA = TableSchema(
    columns=[TableColumn("failure", "string"), TableColumn("requests", "int")]
)


def report_metadata(report: TenantReport) -> Mapping[str, MetadataValue]:
    """Describe what a run did for one tenant: counts that Dagster plots, tags of failures."""
    counts, standing = report.counts, report.standing
    shown: dict[str, MetadataValue] = {
        "articles published": MetadataValue.int(standing.published),
        "articles with a vector": MetadataValue.int(standing.embedded),
        "embedded": MetadataValue.int(counts.embedded),
        "copied from equal text": MetadataValue.int(counts.copied),
        "skipped, unchanged": MetadataValue.int(counts.unchanged),
        "edited meanwhile": MetadataValue.int(counts.edited),
        "set aside": MetadataValue.int(standing.set_aside + standing.refused),
        "waiting": MetadataValue.int(standing.waiting),
        "blocked, no key": MetadataValue.int(counts.blocked),
        "billed requests": MetadataValue.int(counts.requests),
        "billed tokens": MetadataValue.int(counts.tokens),
        "circuit breaker": MetadataValue.text(report.breaker.value),
    }
    if report.stopped is not None:
        shown["ended early"] = MetadataValue.text(report.stopped.log_tag)
    if report.failures:
        rows = [
            TableRecord({"failure": tag, "requests": count})
            for tag, count in sorted(report.failures.items())
        ]
        shown["failed requests"] = MetadataValue.table(rows, _FAILURES_SCHEMA)
    return shown
