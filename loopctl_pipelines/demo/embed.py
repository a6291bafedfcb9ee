"""The embedding part of the demo: vectors of the sample's articles, and the nearest ones."""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from dagster import DagsterInstance, JobDefinition
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.database.statements import statement
from loopctl_pipelines.demo.sample.knowledge import KEYS, REVOKED, articles
from loopctl_pipelines.knowledge.embedding.progress import embed_with_progress, print_status
from loopctl_pipelines.knowledge.embedding.work.embedder import Embedder
from loopctl_pipelines.tenants.operator_queries import list_tenants
from loopctl_pipelines.terminal_text import visible

SHOWN: Final = "northwind"
"""The tenant whose articles are shown."""


@dataclass(frozen=True, slots=True)
class Near:
    """An article and its cosine similarity to another: 1 is the same direction."""

    title: str
    similarity: float


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
    embedded = embed_with_progress(console, instance, job, embedder, chosen)
    print_status(console, embedder, chosen)
    (first, *_) = (row for row in articles() if row.tenant_id == tenants[SHOWN].id)
    near = _nearest(database, first.tenant_id, first.id)
    _print_nearest(console, first.title, near)
    topic = first.title.split(",")[0]
    failures = [run.failure for run in embedded.runs if run.failure]
    unforeseen = [failure for failure in failures if f"'{REVOKED}'" not in failure]
    for failure in unforeseen:
        console.print(failure, style="red")
    return not unforeseen and bool(near) and near[0].title.startswith(topic)


def _nearest(database: Database, tenant_id: UUID, article_id: UUID) -> list[Near]:
    asked = {"tenant_id": tenant_id, "article_id": article_id}
    with database.tenant_transaction(tenant_id) as connection:
        rows = connection.execute(statement(__package__, "nearest_articles"), asked).fetchall()
    return [Near(title, similarity) for title, similarity in rows]


def _print_nearest(console: Console, title: str, near: list[Near]) -> None:
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    table.add_column(f"{SHOWN}: nearest to {title!r}")
    table.add_column("similarity", justify="right")
    for article in near:
        table.add_row(visible(article.title), f"{article.similarity:.2f}")
    console.print(table)
