"""`loopctl-pipelines metrics`."""

from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer
from prometheus_client import write_to_textfile

from loopctl_pipelines.cli.project import Project, open_project
from loopctl_pipelines.costs.jobs import DAILY_COSTS
from loopctl_pipelines.observability.exposition import registry_of, text_of
from loopctl_pipelines.observability.stored_metrics import Scrape, read_stored
from loopctl_pipelines.tenants.operator_queries import list_tenants
from loopctl_pipelines.terminal import Terminal


def metrics(
    textfile: Annotated[
        Path | None,
        typer.Option(help="Write them to this file, which is replaced at once. Unset: print."),
    ] = None,
    days: Annotated[
        int, typer.Option(min=1, max=3650, help="Days in which failed partitions are counted.")
    ] = 31,
) -> None:
    """Print what is pending, failed, open and billed, in the text format of Prometheus.

    What cannot be read is missing, and loopctl_scrape_error says so.
    """
    with open_project() as project:
        scrape = read_stored(project.database, project.settings)
        scrape.errors["dagster"] = 0 if _add_dagster(scrape, project, days) else 1
    if textfile is None:
        Terminal().print(text_of(scrape.families()).decode(), soft_wrap=True, end="")
        return
    try:
        write_to_textfile(str(textfile), registry_of(scrape.families()))
    except OSError as error:
        raise typer.BadParameter(f"--textfile cannot be written: {error.strerror}") from None


def _add_dagster(scrape: Scrape, project: Project, days: int) -> bool:
    """Add what Dagster's storage has; return whether it could be read."""
    # imports Dagster
    from loopctl_pipelines.observability.dagster_metrics import (  # noqa: PLC0415
        days_until,
        read_dagster,
    )

    try:
        tenants = [each for each in list_tenants(project.database).values() if each.is_active]
        within = days_until(project.today - timedelta(days=1), days, project.start)
        with project.instance() as instance:
            job = project.job(DAILY_COSTS)
            scrape.metrics.extend(list(read_dagster(instance, job, tenants, within, scrape.named)))
    except Exception:  # noqa: BLE001 - whatever it is, the other metrics are worth more
        return False
    return True
