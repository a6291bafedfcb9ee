"""Prints the demo's result: a day's costs per tenant, and the anomalies."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal

from rich.console import Console
from rich.table import Table

from loopctl_pipelines.costs.anomalies.anomaly import AnomalyType
from loopctl_pipelines.costs.display.charts import sparkline
from loopctl_pipelines.costs.display.money import dollars
from loopctl_pipelines.costs.display.stored_costs import DayTotal, daily_totals, list_anomalies
from loopctl_pipelines.costs.display.tables import STYLE, anomalies_table
from loopctl_pipelines.costs.planning.tenant_days import TenantDays
from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.demo.sample.rows import PlantedAnomaly
from loopctl_pipelines.tenants.tenant import Tenant
from loopctl_pipelines.terminal_text import visible


def print_day(
    console: Console, database: Database, tenants: Collection[Tenant], day: date, *, history: int
) -> None:
    """Print each tenant's cost of the UTC day, with the last `history` days as a small chart."""
    first = day - timedelta(days=history - 1)
    inactive = [tenant for tenant in tenants if not tenant.is_active]
    totals = {
        tenant: {t.day: t for t in daily_totals(database, TenantDays(tenant, first, day))}
        for tenant in tenants
        if tenant.is_active
    }
    nothing = DayTotal(day, 0, Decimal(0), Decimal(0), Decimal(0))
    of_day = {tenant: days.get(day, nothing) for tenant, days in totals.items()}
    table = Table(title=f"Cost of {day} (UTC) per tenant", **STYLE)
    for heading in ("tenant", "reports", "tokens", "cost"):
        table.add_column(heading, justify="left" if heading == "tenant" else "right")
    table.add_column(f"cost of the last {history} days", no_wrap=True)
    for tenant, total in sorted(of_day.items(), key=lambda item: -item[1].cost_millicents):
        row = [totals[tenant].get(first + timedelta(days=n), nothing) for n in range(history)]
        table.add_row(
            visible(tenant.slug),
            f"{total.reports:,}",
            _short(total.input_tokens + total.output_tokens),
            f"${dollars(total.cost_millicents):,.2f}",
            sparkline([dollars(t.cost_millicents) for t in row]),
        )
    table.add_section()
    _add_sum(table, list(of_day.values()))
    console.print(table)
    if inactive:
        named = (f"{visible(tenant.slug)} ({visible(tenant.status)})" for tenant in inactive)
        console.print(f"Not computed: {', '.join(named)}.")


def print_anomalies(
    console: Console,
    database: Database,
    tenants: Mapping[str, Tenant],
    planted: Sequence[PlantedAnomaly],
    day: date,
) -> bool:
    """Print the day's anomalies and how many planted ones were found; return whether all were."""
    found = {slug: list_anomalies(database, tenant) for slug, tenant in tenants.items()}
    # planted on several days, a story has one open anomaly: the last day's
    last = {(p.tenant_slug, p.story_id, p.anomaly_type): p.day for p in sorted(planted, key=_day)}
    known = {(slug, planted_on, story, kind) for (slug, story, kind), planted_on in last.items()}
    everything = {(s, a.day, a.story_id, a.anomaly_type) for s, many in found.items() for a in many}
    over_budget = {each for each in everything if each[-1] == AnomalyType.BUDGET_EXCEEDED}
    detected = everything - over_budget
    rows = [
        (slug, a, "planted" * ((slug, day, a.story_id, a.anomaly_type) in known))
        for slug, many in found.items()
        for a in many
        if a.day == day
    ]
    console.print(anomalies_table(f"Anomalies of {day}", rows))
    hits = len(known & detected)
    console.print(
        f"All days together: {hits} of {len(known)} stories with a planted anomaly found, "
        f"and {len(detected - known)} others. Stories over budget: {len(over_budget)}."
    )
    return hits == len(known)


def _add_sum(table: Table, totals: Sequence[DayTotal]) -> None:
    table.add_row(
        "all",
        f"{sum(t.reports for t in totals):,}",
        _short(sum((t.input_tokens + t.output_tokens for t in totals), Decimal(0))),
        f"${dollars(sum((t.cost_millicents for t in totals), Decimal(0))):,.2f}",
    )


def _day(planted: PlantedAnomaly) -> date:
    return planted.day


def _short(tokens: Decimal) -> str:
    return f"{tokens / 1_000_000:,.1f}M"
