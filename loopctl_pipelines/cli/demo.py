"""`loopctl-pipelines demo`."""

import typer
from rich.console import Console

from loopctl_pipelines.cli.project import open_project
from loopctl_pipelines.costs.jobs import DAILY_COSTS
from loopctl_pipelines.database.preflight import check_database
from loopctl_pipelines.database.upgrade import upgrade
from loopctl_pipelines.demo.demo import demo_days, run_demo


def demo() -> None:
    """Fill an empty database with sample data, run the daily job over it, show the result."""
    console = Console()
    with open_project() as project:
        with console.status("Creating the tables"):
            upgrade(project.locations.loopctl, project.settings.database_role)
        check_database(project.database)
        days = demo_days(project.start, project.today)
        with project.instance() as instance:
            well = run_demo(console, project.database, instance, project.job(DAILY_COSTS), days)
    console.print("\nOpen the same data in the Dagster UI: [bold]make dev[/bold]")
    if not well:
        raise typer.Exit(1)
