"""`loopctl-pipelines anomalies`."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Annotated, Final
from uuid import UUID

import typer

from loopctl_pipelines.actor import Actor
from loopctl_pipelines.cli.project import Project, open_project
from loopctl_pipelines.costs.anomalies.resolution import resolve_anomaly
from loopctl_pipelines.costs.display.plots import PLOTTED_DAYS, TenantCosts, plot_costs
from loopctl_pipelines.costs.display.stored_costs import (
    StoredAnomaly,
    costs_to_plot,
    list_anomalies,
)
from loopctl_pipelines.costs.display.tables import anomalies_table
from loopctl_pipelines.costs.errors import UnknownAnomalyError
from loopctl_pipelines.costs.operator_queries import tenant_of_anomaly
from loopctl_pipelines.costs.planning.tenant_days import TenantDays
from loopctl_pipelines.costs.table_use import COST_TABLES
from loopctl_pipelines.database.preflight import check_database
from loopctl_pipelines.tenants.errors import UnknownTenantError
from loopctl_pipelines.tenants.operator_queries import list_tenants
from loopctl_pipelines.tenants.tenant import Tenant
from loopctl_pipelines.terminal import Terminal
from loopctl_pipelines.terminal_text import visible

# The actors of loopctl's audit log are keys, superadmins and the system. A command has no key, and
# who may run it has the database anyway: the actor is the system, and the label names the part.
ACTOR: Final = Actor.system("cli:anomalies")

anomalies = typer.Typer(help="Stories whose cost is far from their epic's average.")


@anomalies.callback(invoke_without_command=True)
def anomalies_list(
    context: typer.Context,
    tenant: Annotated[str | None, typer.Option(help="Slug. Unset: all tenants.")] = None,
    *,
    resolved: Annotated[
        bool, typer.Option("--resolved", help="Resolved anomalies instead of open ones.")
    ] = False,
    everything: Annotated[
        bool, typer.Option("--all", help="Open, resolved and archived anomalies.")
    ] = False,
    plot: Annotated[
        typer.FileBinaryWrite | None,
        typer.Option(
            help="PNG file for a plot of cost per day and tenant, with these anomalies marked."
        ),
    ] = None,
) -> None:
    """List the open anomalies, the latest day first."""
    if context.invoked_subcommand is not None:
        if tenant or resolved or everything or plot:
            raise typer.BadParameter(
                "These options belong to the list: put --tenant after `resolve`."
            )
        return
    console = Terminal()
    with open_project() as project:
        check_database(project.database, COST_TABLES)
        chosen = _tenants(project, tenant)
        wanted = None if everything else resolved
        found = {t: list_anomalies(project.database, t, resolved=wanted) for t in chosen}
        plotted = (
            [
                costs_to_plot(project.database, TenantDays(t, date.min, project.today), many)
                for t, many in found.items()
            ]
            if plot
            else []
        )
    kind = "" if everything else "resolved " if resolved else "open "
    rows = [(t.slug, a, _state(a)) for t, many in found.items() for a in many]
    if rows:
        title = f"{len(rows)} {kind}anomal{'y' if len(rows) == 1 else 'ies'}"
        console.print(anomalies_table(title, rows))
    else:
        console.print(f"No {kind}anomalies.")
    if plot:
        console.print(_write_plot(plot, plotted))


@anomalies.command("resolve")
def anomalies_resolve(
    anomaly: Annotated[UUID, typer.Argument(metavar="ID", help="Id, as the list shows it.")],
    tenant: Annotated[
        str | None, typer.Option(help="Slug: fail if the anomaly belongs to another tenant.")
    ] = None,
) -> None:
    """Resolve an anomaly and audit it; it is not reported again for its day. Safe to repeat."""
    with open_project() as project:
        check_database(project.database, COST_TABLES)
        owner = tenant_of_anomaly(project.database, anomaly)
        asked = {t.id: t for t in _tenants(project, tenant)}.get(owner) if owner else None
        if asked is None:
            raise UnknownAnomalyError(anomaly, tenant)
        with project.database.tenant_transaction(asked.id) as connection:
            done = resolve_anomaly(connection, asked.id, anomaly, ACTOR)
    if done is None:
        raise UnknownAnomalyError(anomaly, tenant)
    when = f"{done.updated_at:%Y-%m-%d %H:%M:%S} UTC"
    Terminal().print(
        f"Anomaly {anomaly} of tenant {asked.slug!r} is resolved, and audited."
        if done.newly
        else f"Anomaly {anomaly} of tenant {asked.slug!r} was resolved before, at {when}.",
    )


def _tenants(project: Project, slug: str | None) -> Sequence[Tenant]:
    """Return the tenant with this slug, or all: anomalies of inactive tenants are kept."""
    known = list_tenants(project.database)
    if slug is None:
        return list(known.values())
    if slug not in known:
        raise UnknownTenantError(slug)
    return [known[slug]]


def _state(anomaly: StoredAnomaly) -> str:
    return "archived" if anomaly.archived else "resolved" if anomaly.resolved else ""


def _write_plot(file: typer.FileBinaryWrite, tenants: Sequence[TenantCosts]) -> str:
    with_costs = [tenant for tenant in tenants if tenant.costs]
    if not with_costs:
        return "No plot: no day of these tenants has been summarized yet."
    last = max(max(tenant.costs) for tenant in with_costs)
    first = last - timedelta(days=PLOTTED_DAYS - 1)
    file.write(plot_costs(with_costs, first, last))
    shown = f"{len(with_costs)} tenant{'' if len(with_costs) == 1 else 's'}"
    return f"Plot of {shown}, {first} to {last}: {visible(file.name)}"
