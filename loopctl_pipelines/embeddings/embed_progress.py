"""Shows the embedding of articles in the terminal."""

from collections.abc import Collection

from dagster import DagsterInstance, JobDefinition
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from loopctl_pipelines.embeddings.embedder import Embedder
from loopctl_pipelines.embeddings.job_runs import run_embed_articles
from loopctl_pipelines.tenants.queries import pending_embeddings
from loopctl_pipelines.tenants.tenant import Tenant


def show_embedding(
    console: Console,
    instance: DagsterInstance,
    job: JobDefinition,
    embedder: Embedder,
    tenants: Collection[Tenant],
) -> bool:
    """Embed what is pending with a progress bar over the articles; say whether no tenant failed.

    Args:
        console: where to.
        instance: where the runs are recorded.
        job: `embed_articles`, with this embedder among its resources.
        embedder: tells of articles that are done.
        tenants: whose articles.
    """
    wanted = {tenant.id for tenant in tenants}
    pending = pending_embeddings(embedder.database)
    total = sum(tenant.articles for tenant in pending if tenant.tenant_id in wanted)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(
        *columns, TimeElapsedColumn(), TimeRemainingColumn(), console=console
    ) as progress:
        task = progress.add_task("articles", total=total)
        embedder.on_progress = lambda _slug, articles: progress.advance(task, articles)
        slugs = [tenant.slug for tenant in tenants]
        ended = list(run_embed_articles(instance, job, slugs))
    failures = [run.failure for run in ended if run.failure]
    for failure in failures:
        console.print(failure, style="red", highlight=False, markup=False)
    return not failures
