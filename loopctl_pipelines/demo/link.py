"""The linking part of the demo: links of the sample's articles, and those of its documents."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from dagster import AssetKey, DagsterInstance, JobDefinition
from psycopg.rows import class_row
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.database.statements import statement
from loopctl_pipelines.demo.embed import SHOWN
from loopctl_pipelines.demo.sample.knowledge import KEYS
from loopctl_pipelines.knowledge.tenant_work.job_runs import run_for_tenants
from loopctl_pipelines.tenants.operator_queries import list_tenants
from loopctl_pipelines.terminal_text import visible

_LINKS: Final = AssetKey("article_links")


@dataclass(frozen=True, slots=True)
class LinkedArticle:
    """An article of a document, and the one that it is linked to most closely, if any."""

    title: str
    category: str
    links: int
    nearest: str | None
    relationship: str | None
    similarity: float | None


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
    tenant_id = list_tenants(database)[SHOWN].id
    with database.tenant_transaction(tenant_id) as connection:
        cursor = connection.cursor(row_factory=class_row(LinkedArticle))
        asked = {"tenant_id": tenant_id}
        found = cursor.execute(statement(__package__, "extracted_articles"), asked).fetchall()
    _print_articles(console, found)
    console.print(f"Pairs of linked articles: {', '.join(_link_counts(database))}.")
    return not failures and any(article.links for article in found)


def _link_counts(database: Database) -> Iterator[str]:
    tenants = list_tenants(database)
    for slug in KEYS:
        asked = {"tenant_id": tenants[slug].id}
        with database.tenant_transaction(tenants[slug].id) as connection:
            rows = connection.execute(statement(__package__, "count_links"), asked).fetchall()
        [(links, conflicts)] = rows
        yield f"{visible(slug)} {links}" + (
            f" ({conflicts} potential_conflict)" if conflicts else ""
        )


def _print_articles(console: Console, found: list[LinkedArticle]) -> None:
    title = f"Articles of {SHOWN}'s documents"
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
