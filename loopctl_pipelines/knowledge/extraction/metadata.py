"""The metadata of a materialization of `extracted_articles`, as the Dagster UI shows it."""

from collections.abc import Mapping

from dagster import MetadataValue

from loopctl_pipelines.knowledge.extraction.work.tenant_outcome import TenantOutcome
from loopctl_pipelines.knowledge.tenant_work.failed_requests import failed_requests
from loopctl_pipelines.llm.anthropic.exceptions import ANTHROPIC
from loopctl_pipelines.llm.list_prices import ListPrice, list_price


def outcome_metadata(outcome: TenantOutcome) -> Mapping[str, MetadataValue]:
    """Describe what a run did for one tenant: counts that Dagster plots, and tags of failures."""
    counts = outcome.counts
    shown: dict[str, MetadataValue] = {
        "documents": MetadataValue.int(counts.documents),
        "reviews": MetadataValue.int(counts.reviews),
        "failed": MetadataValue.int(counts.failed),
        "waiting": MetadataValue.int(counts.waiting),
        "chunks": MetadataValue.int(counts.chunks),
        "chunks skipped, known": MetadataValue.int(counts.known_chunks),
        "chunks cut": MetadataValue.int(counts.cut_chunks),
        "articles": MetadataValue.int(counts.articles),
        "articles that existed": MetadataValue.int(counts.known_articles),
        "items dropped": MetadataValue.int(counts.dropped),
        "blocked, no key": MetadataValue.int(counts.blocked),
        "billed requests": MetadataValue.int(counts.requests),
        "billed input tokens": MetadataValue.int(counts.input_tokens),
        "billed output tokens": MetadataValue.int(counts.output_tokens),
        "dollars by list price": _dollars(list_price(ANTHROPIC.name, outcome.models)),
        "circuit breaker": MetadataValue.text(outcome.breaker.value),
    }
    if outcome.stopped is not None:
        shown["ended early"] = MetadataValue.text(outcome.stopped.log_tag)
    return shown | failed_requests(outcome.failures)


def _dollars(price: ListPrice) -> MetadataValue:
    """Return a number that Dagster plots, or a text if a model's price is not known."""
    if price.unknown_models:
        return MetadataValue.text(str(price))
    return MetadataValue.float(float(price.dollars))
