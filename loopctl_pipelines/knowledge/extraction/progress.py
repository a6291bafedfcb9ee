"""Shows the extraction of articles in the terminal."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from dagster import DagsterInstance, JobDefinition
from rich.console import Console

from loopctl_pipelines.knowledge.extraction.operator_queries import pending_extractions
from loopctl_pipelines.knowledge.extraction.storage.rows import DocumentResult
from loopctl_pipelines.knowledge.extraction.work.extractor import Extractor
from loopctl_pipelines.knowledge.extraction.work.tenant_outcome import TenantOutcome
from loopctl_pipelines.knowledge.tenant_work.job_runs import run_for_tenants
from loopctl_pipelines.knowledge.tenant_work.progress import progress_bar
from loopctl_pipelines.llm.anthropic.exceptions import ANTHROPIC
from loopctl_pipelines.llm.list_prices import ListPrice, list_price
from loopctl_pipelines.orchestration.in_process_runs import EndedRun
from loopctl_pipelines.tenants.tenant import Tenant
from loopctl_pipelines.terminal_text import visible


@dataclass(frozen=True, slots=True)
class Extracted:
    """What an extraction did.

    Attributes:
        runs: as Dagster recorded them.
        outcomes: of the tenants, failed ones included.
    """

    runs: Sequence[EndedRun]
    outcomes: Sequence[TenantOutcome]


def extract_with_progress(  # noqa: PLR0913 - what runs, where, and where it is shown
    console: Console,
    instance: DagsterInstance,
    job: JobDefinition,
    extractor: Extractor,
    tenants: Collection[Tenant],
    *,
    tags: Mapping[str, str] | None = None,
) -> Extracted:
    """Extract what is due of tenants, with a progress bar over documents and reviews.

    Args:
        console: where to print.
        instance: where the runs are recorded.
        job: `extract_articles`, with this extractor among its resources.
        extractor: reports documents and reviews that are handled.
        tenants: the tenants.
        tags: of each run.
    """
    outcomes: list[TenantOutcome] = []
    extractor.on_end = outcomes.append
    pending = pending_extractions(extractor.database, extractor.review_slugs)
    with progress_bar(console, "documents", pending, tenants) as advance:
        extractor.on_progress = advance
        slugs = [tenant.slug for tenant in tenants]
        runs = list(run_for_tenants(instance, job, slugs, tags=tags))
    return Extracted(runs, outcomes)


def print_results(console: Console, results: Collection[DocumentResult]) -> None:
    """Print what came out of documents, one line each."""
    for result in results:
        line = f"{visible(result.source_name or str(result.id))}: {_result(result)}."
        console.print(line, soft_wrap=True)


def print_billed(console: Console, outcomes: Collection[TenantOutcome]) -> None:
    """Print what an extraction was billed for."""
    tokens_in = sum(outcome.counts.input_tokens for outcome in outcomes)
    tokens_out = sum(outcome.counts.output_tokens for outcome in outcomes)
    if not tokens_in and not tokens_out:
        console.print("Billed: nothing.")
        return
    prices = (list_price(ANTHROPIC.name, outcome.models) for outcome in outcomes)
    console.print(
        f"Billed: {tokens_in:,} input and {tokens_out:,} output tokens; "
        f"dollars by list price: {sum(prices, ListPrice())}."
    )


def _result(result: DocumentResult) -> str:
    if result.state == "failed":
        return f"failed ({result.failure}); articles: {result.articles}"
    if result.state == "pending":
        return "waits" if result.failure is None else f"waits ({result.failure})"
    cut = f"; {result.chunks_cut} chunks beyond the limit were cut" if result.chunks_cut else ""
    return f"done; articles: {result.articles}{cut}"
