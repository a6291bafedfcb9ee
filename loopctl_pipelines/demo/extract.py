"""The extraction part of the demo: documents and reviews, an imitated vendor, what came out."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from dagster import DagsterInstance, JobDefinition
from psycopg.rows import class_row
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.database.statements import statement
from loopctl_pipelines.demo.fill_knowledge import fill_knowledge, hand_in_documents
from loopctl_pipelines.demo.sample.handed_in import DOCUMENTS, reviews
from loopctl_pipelines.demo.sample.knowledge import KEYS, REVOKED, SAMPLE_CLOAK_KEY, articles
from loopctl_pipelines.knowledge.extraction.progress import (
    Extracted,
    extract_with_progress,
    print_billed,
)
from loopctl_pipelines.knowledge.extraction.work.extractor import Extractor
from loopctl_pipelines.tenants.operator_queries import list_tenants
from loopctl_pipelines.tenants.tenant import Tenant
from loopctl_pipelines.terminal_text import visible

_WHY: Final = {
    "no_api_key": "no Anthropic key",
    "api_error status=401": "Anthropic key rejected",
}


@dataclass(frozen=True, slots=True)
class _Sources:
    """A tenant's documents and reviews that are done, their articles, and documents that wait."""

    documents: int
    reviews: int
    articles: int
    waiting: int


def extract_sample(
    console: Console, instance: DagsterInstance, job: JobDefinition, extractor: Extractor
) -> bool:
    """Write the sample's knowledge, extract from it, print what came out; tell whether all is well.

    Args:
        console: where to print.
        instance: records the run.
        job: `extract_articles`, with this extractor among its resources.
        extractor: with a vendor that knows the sample's key, and the sample's tenants with reviews.
    """
    database, knowledge, reviewed = extractor.database, articles(), reviews()
    cloak_key = extractor.messages.cloak_key or SAMPLE_CLOAK_KEY
    added = fill_knowledge(database, knowledge, reviewed, cloak_key)
    hand_in_documents(database)
    console.print(
        f"\nSample: {len(knowledge)} articles of {len(KEYS)} tenants ({added} new), "
        f"{len(DOCUMENTS)} documents, {len(reviewed)} reviews."
    )
    tenants = list_tenants(database)
    chosen = [tenants[slug] for slug in KEYS]
    extracted = extract_with_progress(console, instance, job, extractor, chosen)
    console.print(_table(database, chosen, extracted))
    counts = [outcome.counts for outcome in extracted.outcomes]
    console.print(
        f"Texts: {sum(each.chunks for each in counts)}, of which "
        f"{sum(each.known_chunks for each in counts)} had been paid for before."
    )
    print_billed(console, extracted.outcomes)
    errors = {each.slug: each.error for each in extracted.outcomes if each.error is not None}
    if REVOKED in errors:
        console.print(str(errors.pop(REVOKED)))
    unforeseen = [str(error) for error in errors.values()] or [
        run.failure for run in extracted.runs if run.failure and f"'{REVOKED}'" not in run.failure
    ]
    for failure in unforeseen:
        console.print(failure, style="red")
    return not unforeseen


def _table(database: Database, tenants: Sequence[Tenant], extracted: Extracted) -> Table:
    reasons = {
        outcome.slug: outcome.stopped.log_tag
        for outcome in extracted.outcomes
        if outcome.stopped is not None
    }
    table = Table(
        box=SIMPLE_HEAD, pad_edge=False, title="Documents and reviews", title_justify="left"
    )
    table.add_column("tenant")
    for heading in ("documents", "reviews", "articles", "waiting"):
        table.add_column(heading, justify="right")
    table.add_column("why")
    for tenant in tenants:
        with database.tenant_transaction(tenant.id) as connection:
            cursor = connection.cursor(row_factory=class_row(_Sources))
            rows = cursor.execute(
                statement(__package__, "count_extracted"), {"tenant_id": tenant.id}
            )
            [found] = rows.fetchall()
        numbers = (found.documents, found.reviews, found.articles, found.waiting)
        why = reasons.get(tenant.slug, "")
        table.add_row(visible(tenant.slug), *map(str, numbers), _WHY.get(why, why))
    return table
