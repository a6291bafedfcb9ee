"""Writes the plot of `loopctl-pipelines anomalies --plot`."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta

import typer

from loopctl_pipelines.cli.project import Project
from loopctl_pipelines.costs.display.budget_line import stored_budget_line
from loopctl_pipelines.costs.display.plots import PLOTTED_DAYS, plot_costs
from loopctl_pipelines.costs.display.stored_costs import (
    StoredAnomaly,
    costs_to_plot,
    daily_model_costs,
)
from loopctl_pipelines.costs.planning.tenant_days import TenantDays
from loopctl_pipelines.tenants.tenant import Tenant
from loopctl_pipelines.terminal_text import visible


def write_plot(
    project: Project,
    file: typer.FileBinaryWrite,
    anomalies_of: Mapping[Tenant, Sequence[StoredAnomaly]],
) -> str:
    """Write the plot of these tenants' latest days; return what was plotted."""
    totals = {
        tenant: costs_to_plot(project.database, TenantDays(tenant, date.min, project.today), many)
        for tenant, many in anomalies_of.items()
    }
    plotted = {tenant: costs for tenant, costs in totals.items() if costs.costs}
    if not plotted:
        return "No plot: no day of these tenants has been summarized yet."
    last = max(max(costs.costs) for costs in plotted.values())
    first = last - timedelta(days=PLOTTED_DAYS - 1)
    units = {tenant: TenantDays(tenant, first, last) for tenant in plotted}
    # only a plot of one tenant has room for a budget
    shows_budget = len(plotted) == 1
    detailed = [
        replace(
            costs,
            models=daily_model_costs(project.database, units[tenant]),
            budget=stored_budget_line(project.database, units[tenant]) if shows_budget else None,
        )
        for tenant, costs in plotted.items()
    ]
    file.write(plot_costs(detailed, first, last))
    shown = f"{len(plotted)} tenant{'' if len(plotted) == 1 else 's'}"
    return f"Plot of {shown}, {first} to {last}: {visible(file.name)}"
