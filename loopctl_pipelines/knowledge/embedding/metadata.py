"""The metadata of a materialization of `article_embeddings`, as the Dagster UI shows it."""

from collections.abc import Mapping

from dagster import MetadataValue

from loopctl_pipelines.knowledge.embedding.work.tenant_outcome import TenantOutcome
from loopctl_pipelines.knowledge.tenant_work.failed_requests import failed_requests


def outcome_metadata(outcome: TenantOutcome) -> Mapping[str, MetadataValue]:
    """Describe what a run did for one tenant: counts that Dagster plots, and tags of failures."""
    counts, status = outcome.counts, outcome.status
    shown: dict[str, MetadataValue] = {
        "articles published": MetadataValue.int(status.published),
        "articles with a vector": MetadataValue.int(status.embedded),
        "embedded": MetadataValue.int(counts.embedded),
        "copied from equal text": MetadataValue.int(counts.copied),
        "skipped, unchanged": MetadataValue.int(counts.unchanged),
        "edited meanwhile": MetadataValue.int(counts.edited),
        "set aside": MetadataValue.int(status.set_aside + status.rejected),
        "waiting": MetadataValue.int(status.waiting),
        "blocked, no key": MetadataValue.int(counts.blocked),
        "billed requests": MetadataValue.int(counts.requests),
        "billed tokens": MetadataValue.int(counts.tokens),
        "circuit breaker": MetadataValue.text(outcome.breaker.value),
    }
    if outcome.stopped is not None:
        shown["ended early"] = MetadataValue.text(outcome.stopped.log_tag)
    return shown | failed_requests(outcome.failures)
