"""The embedding part of the demo: vectors and links of the sample's articles, and the nearest."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from dagster import AssetKey, DagsterInstance, JobDefinition
from psycopg.rows import class_row
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.database.statements import statement
from loopctl_pipelines.demo.sample.knowledge import KEYS, REVOKED, articles
from loopctl_pipelines.knowledge.embedding.progress import embed_with_progress, print_status
from loopctl_pipelines.knowledge.embedding.work.embedder import Embedder
from loopctl_pipelines.knowledge.tenant_work.job_runs import run_for_tenants
from loopctl_pipelines.tenants.operator_queries import list_tenants
from loopctl_pipelines.terminal_text import visible

_EMBEDDED: Final = "northwind"
_LINKS: Final = AssetKey("article_links")


@dataclass(frozen=True, slots=True)
class Near:
    """An article and its cosine similarity to another: 1 is the same direction."""

    title: str
    similarity: float


@dataclass(frozen=True, slots=True)
class ExtractedArticle:
    """An article of a document, and the one that it is linked to most closely, if any."""

    title: str
    category: str
    links: int
    nearest: str | None
    relationship: str | None
    similarity: float | None


def embed_sample(
    console: Console, instance: DagsterInstance, job: JobDefinition, embedder: Embedder
) -> bool:
    """Embed the sample's articles and print their status; return whether all succeeded.

    Args:
        console: where to print.
        instance: records the run.
        job: `embed_articles`, with this embedder among its resources.
        embedder: with a provider that knows the sample's key.
    """
    database = embedder.database
    console.print()
    tenants = list_tenants(database)
    chosen = [tenants[slug] for slug in KEYS]
    ended = embed_with_progress(console, instance, job, embedder, chosen)
    print_status(console, embedder, chosen)
    (first, *_) = (row for row in articles() if row.tenant_id == tenants[_EMBEDDED].id)
    near = _nearest(database, first.tenant_id, first.id)
    _print_nearest(console, first.title, near)
    topic = first.title.split(",")[0]
    unforeseen = [run.failure for run in ended if run.failure and f"'{REVOKED}'" not in run.failure]
    for failure in unforeseen:
        console.print(failure, style="red")
    return not unforeseen and bool(near) and near[0].title.startswith(topic)


def link_sample(
    console: Console, instance: DagsterInstance, job: JobDefinition, database: Database
) -> bool:
    """Link the sample's articles, print those of documents; return whether some are linked.

    Args:
        console: where to print.
        instance: records the run.
        job: the one over all assets.
        database: with embedded articles.
    """
    runs = run_for_tenants(instance, job, KEYS, [_LINKS])
    failures = [run.failure for run in runs if run.failure]
    for failure in failures:
        console.print(failure, style="red")
    tenant_id = list_tenants(database)[_EMBEDDED].id
    with database.tenant_transaction(tenant_id) as connection:
        cursor = connection.cursor(row_factory=class_row(ExtractedArticle))
        asked = {"tenant_id": tenant_id}
        found = cursor.execute(statement(__package__, "extracted_articles"), asked).fetchall()
    _print_extracted(console, found)
    console.print(f"Pairs of linked articles: {', '.join(_link_counts(database))}.")
    return not failures and any(article.links for article in found)


def _link_counts(database: Database) -> Iterator[str]:
    tenants = list_tenants(database)
    for slug in KEYS:
        asked = {"tenant_id": tenants[slug].id}
        with database.tenant_transaction(tenants[slug].id) as connection:
            rows = connection.execute(statement(__package__, "count_links"), asked).fetchall()
        [(links, conflicts)] = rows
        yield f"{slug} {links}" + (f" ({conflicts} potential_conflict)" if conflicts else "")


def _nearest(database: Database, tenant_id: UUID, article_id: UUID) -> list[Near]:
    asked = {"tenant_id": tenant_id, "article_id": article_id}
    with database.tenant_transaction(tenant_id) as connection:
        rows = connection.execute(statement(__package__, "nearest_articles"), asked).fetchall()
    return [Near(title, similarity) for title, similarity in rows]


def _print_nearest(console: Console, title: str, near: list[Near]) -> None:
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    table.add_column(f"{_EMBEDDED}: nearest to {title!r}")
    table.add_column("similarity", justify="right")
    for article in near:
        table.add_row(visible(article.title), f"{article.similarity:.2f}")
    console.print(table)


def _print_extracted(console: Console, found: list[ExtractedArticle]) -> None:
    title = f"Articles of {_EMBEDDED}'s documents"
    table = Table(box=SIMPLE_HEAD, pad_edge=False, title=title, title_justify="left")
    table.add_column("title, and the closest link")
    table.add_column("category")
    table.add_column("links", justify="right")
    for article in found:
        table.add_row(visible(article.title), article.category, str(article.links))
        if article.nearest is not None:
            closest = f"  {article.relationship} ({article.similarity:.2f}): {article.nearest}"
            table.add_row(visible(closest), "", "", style="dim")
    console.print(table)
