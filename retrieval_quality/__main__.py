"""`make quality`: how well search finds what a query is about; fails if it has become worse."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from benchmarks.api_process import api_process
from benchmarks.server import scratch_server, upgraded_database
from loopctl_pipelines.cli.signals import ended_by_signals
from loopctl_pipelines.settings import Settings
from retrieval_quality import articles, gate
from retrieval_quality.figures import Report, report
from retrieval_quality.known_items import Half, KnownItem, known_items, read_questions
from retrieval_quality.model import model_server
from retrieval_quality.proposals import Proposal, read_proposals
from retrieval_quality.search import find_all
from retrieval_quality.table import quality_table, write_table


def quality(
    proposals: Annotated[Path, typer.Argument(help="articles_r1.jsonl.gz", exists=True)],
    half: Annotated[Half, typer.Option(help="tuning: for changes of the ranking; no gate.")] = (
        Half.HELD_OUT
    ),
    *,
    write: Annotated[
        bool, typer.Option("--write", help="Write figures.json and docs/search.md.")
    ] = False,
) -> None:
    """Measure recall@10 and MRR of the three modes, and compare with the committed figures."""
    console = Console()
    read = read_proposals(proposals)
    items = known_items(read, read_questions(), half)
    measured = _measure(console, read, items)
    _show(console, measured)
    missed = gate.missed_goals(measured)
    for goal in missed:
        console.print(f"goal missed: {goal}", highlight=False)
    if not missed:
        console.print("The goals of the fusion are met.")
    if half is not Half.HELD_OUT:
        return
    if write:
        gate.write_committed(gate.digest(items), measured)
        write_table(measured)
        return
    queries, committed = gate.read_committed()
    if queries != gate.digest(items):
        console.print("The committed figures are of other queries: make quality WRITE=--write")
        raise typer.Exit(1)
    if losses := gate.losses(committed, measured):
        for loss in losses:
            console.print(f"worse by more than {gate.LARGEST_LOSS:.0f} points: {loss}")
        raise typer.Exit(1)
    console.print("No figure is worse than committed by more than 2 points.")


def _measure(console: Console, read: Sequence[Proposal], items: Sequence[KnownItem]) -> Report:
    with scratch_server() as server, model_server() as model_url:
        url = upgraded_database(server, "quality")
        articles.publish(url, read)
        with console.status(f"Embedding {len(read)} articles"):
            articles.embed(url, model_url)
        settings = Settings(cloak_key=articles.CLOAK_KEY, embedding_base_url=model_url)
        with (
            api_process(url, settings) as base_url,
            console.status(f"Searching for {len(items)} queries"),
        ):
            return report(find_all(base_url, items))


def _show(console: Console, measured: Report) -> None:
    head, *rows = quality_table(measured)
    table = Table(*head)
    for row in rows:
        table.add_row(*row)
    console.print(table)


if __name__ == "__main__":
    ended_by_signals()(typer.run)(quality)
