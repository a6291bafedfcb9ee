"""`loopctl-pipelines load`."""

import os
from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta, tzinfo
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Final
from zoneinfo import ZoneInfo

import typer
from rich.table import Table

from loopctl_pipelines.cli.json_output import AsJson, print_json
from loopctl_pipelines.cli.project import open_project
from loopctl_pipelines.costs.display.money import MILLICENTS_PER_DOLLAR
from loopctl_pipelines.loading.load import Loaded, load
from loopctl_pipelines.loading.presets import Format
from loopctl_pipelines.loading.reading_options import ReadingOptions
from loopctl_pipelines.loading.usage_columns import CACHE_FIELDS, FIELDS
from loopctl_pipelines.loading.usage_files import UsageFile, read_usage_file
from loopctl_pipelines.loading.usage_values import CurrencyUnit
from loopctl_pipelines.settings import Settings
from loopctl_pipelines.terminal import Terminal
from loopctl_pipelines.terminal_text import counted, visible

_FIRST_ROWS: Final = 3


def _zone(name: str) -> tzinfo:
    try:
        return UTC if name == "UTC" else ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        raise typer.BadParameter(
            f"{name!r} is not a time zone such as Europe/Berlin", param_hint="--timezone"
        ) from None


def _decimal(mark: str | None) -> str | None:
    if mark not in {None, ".", ","}:
        raise typer.BadParameter("expected . or ,")
    return mark


def _columns(pairs: Sequence[str]) -> dict[str, str]:
    columns = {}
    for pair in pairs:
        field, _, column = pair.partition("=")
        if field not in FIELDS or not column.strip() or field in columns:
            raise typer.BadParameter(
                f"{pair!r} is not FIELD=COLUMN; the fields, each once, are {', '.join(FIELDS)}",
                param_hint="--map",
            )
        columns[field] = column.strip()
    return columns


def load_file(
    file: Annotated[Path, typer.Argument(help="CSV, JSON or JSON Lines; packed or not.")],
    export: Annotated[
        Format | None, typer.Option("--format", help="A common export whose columns are known.")
    ] = None,
    mapped: Annotated[
        list[str] | None,
        typer.Option("--map", metavar="FIELD=COLUMN", help="The column of a field; repeatable."),
    ] = None,
    story_default: Annotated[
        str | None, typer.Option(help="The story of rows that have none.")
    ] = None,
    currency_unit: Annotated[
        CurrencyUnit, typer.Option(help="What a cost of 1 is.")
    ] = CurrencyUnit.DOLLAR,
    decimal: Annotated[
        str | None, typer.Option(callback=_decimal, help="The decimal mark of CSV: . or ,")
    ] = None,
    timezone: Annotated[str, typer.Option(help="The time zone of times that name none.")] = "UTC",
    day_first: Annotated[
        bool | None,
        typer.Option("--day-first/--month-first", help="How to read a date such as 4/2/2026."),
    ] = None,
    encoding: Annotated[
        str | None, typer.Option(help="Such as latin-1, if the file does not show it.")
    ] = None,
    *,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show how the file is read; load nothing.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Load usage from a file; create the tenants, projects and stories that it names."""
    options = ReadingOptions(
        columns=_columns(mapped or []),
        preset=export,
        story_default=story_default,
        unit=currency_unit,
        decimal=decimal,
        zone=_zone(timezone),
        day_first=day_first,
        encoding=encoding,
    )
    console = Terminal(stderr=as_json)
    if dry_run:
        usage = _read(file, options, Settings.from_environment(os.environ), console)
        _show_first_rows(usage, console)
        console.print("Nothing was loaded: this was a dry run.")
        if as_json:
            print_json(_as_json(file, usage, None))
        return
    with open_project() as project:
        project.upgrade_embedded()
        usage = _read(file, options, project.settings, console)
        loaded = load(project.database, usage)
    if as_json:
        print_json(_as_json(file, usage, loaded))
    console.print(
        f"{counted(loaded.reports, 'new report')}, {counted(loaded.tenants, 'new tenant')}, "
        f"{counted(loaded.stories, 'new story')}."
    )


def _read(file: Path, options: ReadingOptions, settings: Settings, output: Terminal) -> UsageFile:
    """Read a file and say how it was read: dialect, columns, remarks and totals."""
    today = datetime.now(UTC).date()
    start, last = settings.start_date.resolve(today), today + timedelta(days=1)
    usage = read_usage_file(file, replace(options, start=start, last=last))
    output.print(f"{visible(file.name)}: {usage.dialect}.")
    output.print("Columns: " + ", ".join(map(_mapping, usage.columns.items())) + ".")
    for remark in usage.remarks:
        output.print(f"- {remark}")
    output.print(f"{counted(len(usage.rows), 'row')}: {_totals(usage)}.")
    return usage


def _mapping(pair: tuple[str, str]) -> str:
    field, column = pair
    named = field if field == column else f"{field} = {visible(column)}"
    return f"{named} (counted as input)" if field in CACHE_FIELDS else named


def _totals(usage: UsageFile) -> str:
    cost, tokens_in, tokens_out = _sums(usage)
    return f"{cost:,.5f} dollars, {tokens_in:,} input and {tokens_out:,} output tokens"


def _sums(usage: UsageFile) -> tuple[Decimal, int, int]:
    """Return dollars, input and output tokens."""
    cost = Decimal(sum(row.cost_millicents for row in usage.rows)) / MILLICENTS_PER_DOLLAR
    tokens_in = sum(row.input_tokens for row in usage.rows)
    return cost, tokens_in, sum(row.output_tokens for row in usage.rows)


def _as_json(file: Path, usage: UsageFile, loaded: Loaded | None) -> dict[str, object]:
    cost, tokens_in, tokens_out = _sums(usage)
    return {
        "file": file.name,
        "dialect": usage.dialect,
        "columns": dict(usage.columns),
        "remarks": usage.remarks,
        "rows": len(usage.rows),
        "cost_usd": f"{cost:.5f}",
        "input_tokens": tokens_in,
        "output_tokens": tokens_out,
        "loaded": None if loaded is None else asdict(loaded),
    }


def _show_first_rows(usage: UsageFile, output: Terminal) -> None:
    """Show the first rows side by side, a field on each line."""
    rows = usage.rows[:_FIRST_ROWS]
    shown = Table(show_header=False, box=None)
    for field in ("tenant", "project", "epic", "story", "agent", "model"):
        shown.add_row(field, *(visible(getattr(row, field)) for row in rows))
    shown.add_row("at (UTC)", *(row.at.isoformat(sep=" ") for row in rows))
    costs = (Decimal(row.cost_millicents) / MILLICENTS_PER_DOLLAR for row in rows)
    shown.add_row("dollars", *(f"{cost:,.5f}" for cost in costs))
    shown.add_row("input tokens", *(f"{row.input_tokens:,}" for row in rows))
    shown.add_row("output tokens", *(f"{row.output_tokens:,}" for row in rows))
    output.print(shown)
