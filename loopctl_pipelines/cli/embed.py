"""`loopctl-pipelines embed`."""

from contextlib import closing
from typing import Annotated

import typer

from loopctl_pipelines.cli.json_output import AsJson
from loopctl_pipelines.cli.project import open_project
from loopctl_pipelines.cli.run_summary import CommandRuns, RunSummary
from loopctl_pipelines.database.preflight import check_database
from loopctl_pipelines.definitions import build_definitions
from loopctl_pipelines.knowledge.embedding.definitions import build_embedder
from loopctl_pipelines.knowledge.embedding.jobs import EMBED_ARTICLES
from loopctl_pipelines.knowledge.embedding.progress import (
    Embedded,
    embed_with_progress,
    print_status,
)
from loopctl_pipelines.knowledge.embedding.storage.queries import forget_failures
from loopctl_pipelines.knowledge.embedding.table_use import EMBEDDING_TABLES
from loopctl_pipelines.knowledge.embedding.work.tenant_outcome import Counts
from loopctl_pipelines.tenants.operator_queries import list_tenants
from loopctl_pipelines.tenants.selection import select_tenants
from loopctl_pipelines.tenants.sync import sync_tenants
from loopctl_pipelines.terminal import Terminal


def embed(
    tenant: Annotated[
        list[str] | None, typer.Option(help="Slug; may be given again. Unset: all active tenants.")
    ] = None,
    *,
    again: Annotated[
        bool,
        typer.Option("--again", help="Also articles that wait, or were rejected and set aside."),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Embed the pending articles, as the runs of `pending_embeddings_sensor` do."""
    console, runs = Terminal(stderr=as_json), CommandRuns.of("embed")
    with open_project() as project:
        check_database(project.database, EMBEDDING_TABLES)
        tenants = list_tenants(project.database)
        slugs = select_tenants(tenant or [], tenants)
        embedder = build_embedder(project.settings, project.database)
        job = build_definitions(
            project.settings, resources={"database": project.database, "embedder": embedder}
        ).resolve_job_def(EMBED_ARTICLES)
        with closing(embedder), project.instance() as instance:
            unusable = sync_tenants(instance, project.database).unusable
            chosen = [tenants[slug] for slug in slugs if slug not in unusable]
            for one in chosen if again else ():
                with project.database.tenant_transaction(one.id) as connection:
                    forget_failures(connection, one.id)
            done = embed_with_progress(console, instance, job, embedder, chosen, tags=runs.tags)
        print_status(console, embedder, chosen)
    summary = _summary(done)
    summary.print_failures(console)
    summary.show(runs, as_json=as_json)
    if summary.failures:
        raise typer.Exit(1)


def _summary(done: Embedded) -> RunSummary:
    total = Counts()
    for outcome in done.outcomes:
        total.add(outcome.counts)
    counts = {
        "landed": total.embedded + total.copied,
        "failed": total.set_aside,
        "waiting": total.waiting + total.blocked,
        "unchanged": total.unchanged,
    }
    return RunSummary.of_runs("articles", counts, done.runs)
