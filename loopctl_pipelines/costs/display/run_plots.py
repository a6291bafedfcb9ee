"""The plots in the metadata of the anomalies' materializations."""

from base64 import b64encode
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Final

from dagster import MetadataValue

from loopctl_pipelines.anomaly_rule import AnomalyRule
from loopctl_pipelines.costs.anomalies.detection import DayCompared
from loopctl_pipelines.costs.display.budget_line import stored_budget_line
from loopctl_pipelines.costs.display.plots import PLOTTED_DAYS, plot_costs
from loopctl_pipelines.costs.display.stored_costs import (
    costs_to_plot,
    daily_model_costs,
    list_anomalies,
)
from loopctl_pipelines.costs.display.stored_story import anomaly_details
from loopctl_pipelines.costs.display.story_plot import plot_story
from loopctl_pipelines.costs.planning.tenant_days import TenantDays
from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.database.retries import outlast_outage
from loopctl_pipelines.partitions import partition_key
from loopctl_pipelines.tenants.tenant import Tenant

MOST_PLOTS: Final = 6
"""Tenants of a run that have plots. A plot takes 40 ms and 15 kB of Dagster's event log, which
keeps it for good."""


def plots_of_run(
    database: Database, found: Iterable[tuple[Tenant, DayCompared]], rule: AnomalyRule
) -> dict[str, Mapping[str, MetadataValue]]:
    """Return the metadata with the plots of each tenant's latest day of the run, by partition key.

    They are the cost per day, and the day's costliest anomaly beside the other stories of its epic.

    Only days with anomalies get one; if there are too many, those with the most anomalies.

    Args:
        database: holds the costs of the days before.
        found: the tenants and days that the run compared.
        rule: the operator's rule.

    Raises:
        psycopg.Error: if the costs cannot be read.
        DatabaseUnreachableError: if the database stays away.
    """
    latest: dict[Tenant, DayCompared] = {}
    for tenant, day in found:
        latest[tenant] = max(day, latest.get(tenant, day), key=lambda compared: compared.day)
    deviating = [(tenant, day) for tenant, day in latest.items() if _anomalies(day)]
    ordered = sorted(deviating, key=lambda item: (-_anomalies(item[1]), item[0].slug))
    return {
        partition_key(day.day, tenant.slug): outlast_outage(
            partial(_plots, database, tenant, day, rule)
        )
        for tenant, day in ordered[:MOST_PLOTS]
    }


def _anomalies(day: DayCompared) -> int:
    return day.high_cost + day.suspiciously_low


def _plots(
    database: Database, tenant: Tenant, day: DayCompared, rule: AnomalyRule
) -> dict[str, MetadataValue]:
    unit = TenantDays(tenant, day.day - timedelta(days=PLOTTED_DAYS - 1), day.day)
    marked = list_anomalies(database, tenant)
    costs = costs_to_plot(database, unit, marked)
    costs = replace(
        costs,
        models=daily_model_costs(database, unit),
        budget=stored_budget_line(database, unit),
    )
    plots = {
        "cost per day": _image(
            f"cost per day, {unit.first} to {unit.last}",
            plot_costs([costs], unit.first, unit.last),
        )
    }
    of_day = [anomaly for anomaly in marked if anomaly.day == day.day]
    if of_day:
        costliest = max(of_day, key=lambda anomaly: (anomaly.story_cost_millicents, anomaly.id))
        details = anomaly_details(database, tenant, costliest.id, rule)
        if details:
            plots["costliest anomaly"] = _image("its story and its epic's", plot_story(details[1]))
    return plots


def _image(description: str, png: bytes) -> MetadataValue:
    return MetadataValue.md(f"![{description}](data:image/png;base64,{b64encode(png).decode()})")
