"""The plots in the metadata of the anomalies' materializations."""

from base64 import b64encode
from collections.abc import Iterable, Mapping
from datetime import timedelta
from functools import partial
from typing import Final

from dagster import MetadataValue

from loopctl_pipelines.costs.anomalies.detection import DayCompared
from loopctl_pipelines.costs.display.plots import PLOTTED_DAYS, plot_costs
from loopctl_pipelines.costs.display.stored_costs import costs_to_plot, list_anomalies
from loopctl_pipelines.costs.planning.tenant_days import TenantDays
from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.database.retries import outlast_outage
from loopctl_pipelines.partitions import partition_key
from loopctl_pipelines.tenants.tenant import Tenant

MOST_PLOTS: Final = 6
"""Plots per run. A plot takes 40 ms, so all of them 6 % of a run over 300 partitions, and 15 kB of
Dagster's event log, which keeps them for good."""


def plots_of_run(
    database: Database, found: Iterable[tuple[Tenant, DayCompared]]
) -> dict[str, Mapping[str, MetadataValue]]:
    """Return the metadata with the plot of each tenant's latest day of the run, by partition key.

    Only days with anomalies get one; if there are too many, those with the most anomalies.

    Args:
        database: holds the costs of the days before.
        found: the tenants and days that the run compared.

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
        partition_key(day.day, tenant.slug): {
            "cost per day": outlast_outage(partial(_plot, database, tenant, day))
        }
        for tenant, day in ordered[:MOST_PLOTS]
    }


def _anomalies(day: DayCompared) -> int:
    return day.high_cost + day.suspiciously_low


def _plot(database: Database, tenant: Tenant, day: DayCompared) -> MetadataValue:
    first = day.day - timedelta(days=PLOTTED_DAYS - 1)
    marked = list_anomalies(database, tenant)
    costs = costs_to_plot(database, TenantDays(tenant, first, day.day), marked)
    png = b64encode(plot_costs([costs], first, day.day)).decode()
    return MetadataValue.md(f"![cost per day, {first} to {day.day}](data:image/png;base64,{png})")
