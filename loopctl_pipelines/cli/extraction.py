"""Extracts articles for `loopctl-pipelines ingest`, in this process."""

from collections.abc import Collection
from contextlib import closing
from uuid import UUID

import typer

from loopctl_pipelines.cli.project import Project
from loopctl_pipelines.cli.run_summary import CommandRuns, RunSummary
from loopctl_pipelines.database.preflight import check_database
from loopctl_pipelines.definitions import build_definitions
from loopctl_pipelines.knowledge.extraction.definitions import build_extractor
from loopctl_pipelines.knowledge.extraction.jobs import EXTRACT_ARTICLES
from loopctl_pipelines.knowledge.extraction.progress import (
    Extracted,
    extract_with_progress,
    print_billed,
    print_results,
)
from loopctl_pipelines.knowledge.extraction.storage.queries import read_results
from loopctl_pipelines.knowledge.extraction.table_use import EXTRACTION_TABLES
from loopctl_pipelines.knowledge.extraction.work.tenant_outcome import Counts
from loopctl_pipelines.tenants.sync import sync_tenants
from loopctl_pipelines.tenants.tenant import Tenant
from loopctl_pipelines.terminal import Terminal


def extract_now(
    project: Project, tenant: Tenant, documents: Collection[UUID], *, quiet: bool
) -> None:
    """Extract what is due of a tenant, and show progress, results and failures.

    Args:
        project: the opened project.
        tenant: whose documents were handed in.
        documents: ids of these requests.
        quiet: print nothing to standard output, which holds JSON.

    Raises:
        typer.Exit: with status 1 if the run failed; the sentence is printed.
    """
    check_database(project.database, EXTRACTION_TABLES)
    console, runs = Terminal(stderr=quiet), CommandRuns.of("ingest")
    extractor = build_extractor(project.settings, project.database)
    job = build_definitions(
        project.settings, resources={"database": project.database, "extractor": extractor}
    ).resolve_job_def(EXTRACT_ARTICLES)
    with closing(extractor), project.instance() as instance:
        if tenant.slug in sync_tenants(instance, project.database).unusable:
            return
        extracted = extract_with_progress(
            console, instance, job, extractor, [tenant], tags=runs.tags
        )
    with project.database.tenant_transaction(tenant.id) as connection:
        print_results(console, read_results(connection, tenant.id, documents))
    print_billed(console, extracted.outcomes)
    summary = _summary(extracted)
    summary.print_failures(console)
    summary.print(console, runs)
    if summary.failures:
        raise typer.Exit(1)


def _summary(extracted: Extracted) -> RunSummary:
    total = Counts()
    for outcome in extracted.outcomes:
        total.add(outcome.counts)
    counts = {
        "landed": total.documents + total.reviews,
        "failed": total.failed,
        "waiting": total.waiting + total.blocked,
        "new articles": total.articles,
        "unchanged articles": total.known_articles,
    }
    return RunSummary.of_runs("documents", counts, extracted.runs)
