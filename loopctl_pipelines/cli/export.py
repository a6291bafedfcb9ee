"""`loopctl-pipelines export`."""

import sys
from collections.abc import Iterable, Mapping, Sequence
from contextlib import nullcontext
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Annotated

import typer

from loopctl_pipelines.cli.project import Project, open_project
from loopctl_pipelines.costs.display.money import MILLICENTS_PER_DOLLAR
from loopctl_pipelines.costs.planning.day_selection import select_days
from loopctl_pipelines.database.preflight import check_database
from loopctl_pipelines.exporting.export import FileFormat, export, whole_file
from loopctl_pipelines.exporting.stored_rows import summary_rows
from loopctl_pipelines.exporting.summary_row import Scope, Totals
from loopctl_pipelines.exporting.table_use import EXPORT_TABLES
from loopctl_pipelines.tenants.errors import UnknownTenantError
from loopctl_pipelines.tenants.operator_queries import list_tenants
from loopctl_pipelines.tenants.tenant import Tenant
from loopctl_pipelines.terminal import Terminal
from loopctl_pipelines.terminal_text import visible


def export_summaries(
    first: Annotated[str, typer.Option("--from", help="First UTC day, such as 2026-04-01.")],
    last: Annotated[str, typer.Option("--to", help="Last UTC day, inclusive.")],
    file_format: Annotated[
        FileFormat, typer.Option("--format", help="How the rows are written.")
    ] = FileFormat.CSV,
    tenant: Annotated[
        list[str] | None, typer.Option(help="Slug; may be repeated. Unset: all tenants.")
    ] = None,
    scope: Annotated[
        list[Scope] | None,
        typer.Option(help="May be repeated, but rows of two scopes count the same cost twice."),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="File. Unset: standard output.")
    ] = None,
) -> None:
    """Write summaries to a file: a row per tenant, day, scope, model and phase."""
    # dates need no partition: what is not there has no rows
    days = select_days(first, last, start=date.min, today=date.max)
    scopes = list(dict.fromkeys(scope or [Scope.PROJECT]))
    if output is None and file_format is FileFormat.PARQUET and sys.stdout.isatty():
        raise typer.BadParameter("Parquet is not for a terminal: give --output FILE")
    with open_project() as project:
        check_database(project.database, EXPORT_TABLES)
        tenants = _tenants(project, tenant or [])
        rows = summary_rows(project.database, tenants, days, scopes)
        with whole_file(output) if output else nullcontext(sys.stdout.buffer) as file:
            totals = export(rows, file_format, file)
    _say(totals, days, output)


def _tenants(project: Project, slugs: Sequence[str]) -> Iterable[Tenant]:
    """Return the tenants with these slugs, or all: what inactive ones have spent is kept."""
    known = list_tenants(project.database)
    for slug in slugs:
        if slug not in known:
            raise UnknownTenantError(slug)
    return [known[slug] for slug in dict.fromkeys(slugs)] if slugs else known.values()


def _say(totals: Mapping[str, Totals], days: tuple[date, date], output: Path | None) -> None:
    """Say on stderr what was written, so that stdout has the rows alone."""
    console = Terminal(stderr=True)
    for scope, total in totals.items():
        dollars = Decimal(total.cost_millicents) / MILLICENTS_PER_DOLLAR
        console.print(
            f"{total.rows:,} rows by {scope}: {dollars:,.5f} dollars, {total.input_tokens:,} "
            f"input and {total.output_tokens:,} output tokens."
        )
    if not totals:
        console.print(
            f"No summaries from {days[0]} to {days[1]}. `loopctl-pipelines backfill` computes them."
        )
    if len(totals) > 1:
        console.print("Each scope counts the same costs: add up the rows of one scope only.")
    if stale := sum(total.stale for total in totals.values()):
        console.print(
            f"{stale:,} rows are of summaries that changed since (stale = true): "
            "`loopctl-pipelines backfill` computes these days again."
        )
    if output:
        console.print(f"Written: {visible(str(output))}", soft_wrap=True)
