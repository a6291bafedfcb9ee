"""Shows the embedding of articles in the terminal."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from dagster import DagsterInstance, JobDefinition
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from loopctl_pipelines.knowledge.embedding.operator_queries import pending_embeddings
from loopctl_pipelines.knowledge.embedding.storage.queries import read_status
from loopctl_pipelines.knowledge.embedding.storage.rows import EmbeddingStatus
from loopctl_pipelines.knowledge.embedding.work.embedder import Embedder
from loopctl_pipelines.knowledge.embedding.work.tenant_outcome import TenantOutcome
from loopctl_pipelines.knowledge.tenant_work.job_runs import run_for_tenants
from loopctl_pipelines.knowledge.tenant_work.progress import progress_bar
from loopctl_pipelines.orchestration.in_process_runs import EndedRun
from loopctl_pipelines.tenants.tenant import Tenant
from loopctl_pipelines.terminal_text import visible


@dataclass(frozen=True, slots=True)
class Embedded:
    """What an embedding did.

    Attributes:
        runs: as Dagster recorded them.
        outcomes: of the tenants, failed ones included.
    """

    runs: Sequence[EndedRun]
    outcomes: Sequence[TenantOutcome]


def embed_with_progress(  # noqa: PLR0913 - what runs, where, and where it is shown
    console: Console,
    instance: DagsterInstance,
    job: JobDefinition,
    embedder: Embedder,
    tenants: Collection[Tenant],
    *,
    tags: Mapping[str, str] | None = None,
) -> Embedded:
    """Embed the pending articles of tenants, with a progress bar over the articles.

    Args:
        console: where to print.
        instance: where the runs are recorded.
        job: `embed_articles`, with this embedder among its resources.
        embedder: reports articles that are done.
        tenants: the tenants.
        tags: of each run.
    """
    outcomes: list[TenantOutcome] = []
    embedder.on_end = outcomes.append
    pending = pending_embeddings(embedder.database)
    with progress_bar(console, "articles", pending, tenants) as advance:
        embedder.on_progress = advance
        slugs = [tenant.slug for tenant in tenants]
        runs = list(run_for_tenants(instance, job, slugs, tags=tags))
    return Embedded(runs, outcomes)


def print_status(console: Console, embedder: Embedder, tenants: Collection[Tenant]) -> None:
    """Print how many articles of these tenants have a vector, and why the others have none."""
    table = Table(box=SIMPLE_HEAD, pad_edge=False, title="Articles", title_justify="left")
    table.add_column("tenant")
    for heading in ("published", "with a vector", "without"):
        table.add_column(heading, justify="right")
    table.add_column("why")
    for tenant in tenants:
        with embedder.database.tenant_transaction(tenant.id) as connection:
            status = read_status(connection, tenant.id)
        if status.published:
            without = status.published - status.embedded
            counts = (status.published, status.embedded, without)
            table.add_row(visible(tenant.slug), *(f"{count:,}" for count in counts), _why(status))
    if table.row_count:
        console.print(table)


def _why(status: EmbeddingStatus) -> str:
    reasons = {
        f"key or model rejected ({status.rejection})": status.rejected,
        "rejected for their text": status.set_aside,
        "retried later": status.waiting,
    }
    rest = status.published - status.embedded - sum(reasons.values())
    reasons["pending" if status.has_key else "no embedding key"] = rest
    return "; ".join(f"{reason}: {count:,}" for reason, count in reasons.items() if count > 0)
