"""`make bench`: how fast it is, as ratios of runs that take turns on the same machine."""

from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from benchmarks.api import api_pages, api_throughput, fill_anomalies
from benchmarks.article_links import linking, neighbour_search
from benchmarks.dagster_runs import dagster_overhead
from benchmarks.daily_costs import DailyCosts
from benchmarks.embeddings import embedding
from benchmarks.extraction import extraction
from benchmarks.extraction_ticks import extraction_ticks
from benchmarks.outcome import Outcome
from benchmarks.proposal_gate import proposal_gate
from benchmarks.search import article_search, fill_searched
from benchmarks.server import scratch_server, upgraded_database
from benchmarks.ticks import ticks
from benchmarks.usage_generator import fill_day
from benchmarks.vectors import vectors
from loopctl_pipelines.cli.signals import ended_by_signals

RESULTS = Path(__file__).parent / "results"


def bench(  # noqa: PLR0913, PLR0917 - an option is a parameter
    reports: Annotated[int, typer.Option(min=100, help="Reports of the day.")] = 1_000_000,
    tenants: Annotated[int, typer.Option(min=1, help="Tenants, sized by Zipf's law.")] = 1000,
    articles: Annotated[int, typer.Option(min=20, help="Articles to embed.")] = 2_000,
    linked: Annotated[int, typer.Option(min=20, help="Articles to link.")] = 10_000,
    searched: Annotated[
        int, typer.Option(min=20, help="Articles among which neighbours are searched.")
    ] = 100_000,
    up_to_date: Annotated[
        int, typer.Option(min=1_000, help="Articles over which a tick finds nothing to do.")
    ] = 1_000_000,
    documents: Annotated[int, typer.Option(min=1, help="Documents to extract.")] = 100,
    done_documents: Annotated[
        int, typer.Option(min=100, help="Documents over which a tick finds nothing to do.")
    ] = 100_000,
    anomalies: Annotated[
        int, typer.Option(min=100, help="Anomalies of one tenant, listed over HTTP.")
    ] = 1_000_000,
    requests: Annotated[
        int, typer.Option(min=100, help="Requests of a run, on 64 connections.")
    ] = 5_000,
    rounds: Annotated[int, typer.Option(min=1, help="Runs of each contender.")] = 3,
    results: Annotated[Path, typer.Option(help="Folder of the JSON files.")] = RESULTS,
) -> None:
    """Measure costs, Dagster's share, knowledge and API; print ratios and keep them as JSON."""
    console = Console()
    started = f"{datetime.now(UTC):%Y%m%dT%H%M%S}"

    def done(outcome: Outcome) -> None:
        outcome.show(console)
        console.print(f"kept in {outcome.save(results, started)}", highlight=False)

    with scratch_server() as server:
        url = upgraded_database(server, "costs")
        with console.status(f"Writing {reports:,} reports of {tenants:,} tenants"):
            fill_day(url, reports=reports, tenants=tenants)
        with closing(DailyCosts(url)) as daily_costs:
            done(daily_costs.rollup(rounds))
            done(daily_costs.anomalies(rounds))
            done(daily_costs.calibrated(rounds))
        done(dagster_overhead(url, server.url("dagster"), rounds))
        url = upgraded_database(server, "knowledge")
        done(vectors(url, articles, rounds))
        done(embedding(url, articles, rounds, indexed=True))
        done(embedding(url, articles, rounds, indexed=False))
        done(ticks(server, up_to_date, rounds))
        done(extraction(upgraded_database(server, "extraction"), documents, rounds))
        done(extraction_ticks(server, done_documents, rounds))
        url = upgraded_database(server, "links")
        done(linking(url, linked, rounds))
        done(neighbour_search(url, searched, rounds))
        url = upgraded_database(server, "search")
        with console.status(f"Writing {searched:,} articles to search"):
            fill_searched(url, searched)
        done(article_search(url, searched, requests, rounds))
        done(proposal_gate(upgraded_database(server, "gate"), requests, rounds))
        url = upgraded_database(server, "api")
        with console.status(f"Writing {anomalies:,} anomalies"):
            fill_anomalies(url, anomalies)
        done(api_pages(url, anomalies, rounds))
        done(api_throughput(url, requests, rounds))


if __name__ == "__main__":
    ended_by_signals()(typer.run)(bench)
