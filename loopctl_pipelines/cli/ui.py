"""`loopctl-pipelines dev`."""

import os
from typing import Annotated

import typer
from rich.console import Console

from loopctl_pipelines.cli.project import open_project
from loopctl_pipelines.demo.provider import sample_environment
from loopctl_pipelines.orchestration.ui import open_ui
from loopctl_pipelines.tenants.sync import sync_tenants


def dev(
    host: Annotated[str, typer.Option(help="Where the UI listens.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Where the UI listens.")] = 3000,
) -> None:
    """Run the Dagster UI, and the daemon for schedules and sensors."""
    with open_project() as project:
        project.upgrade_embedded()
        with project.instance() as instance:
            sync_tenants(instance, project.database)
        with sample_environment(project.database, os.environ) as sample:
            environment = {
                **os.environ,
                **sample,
                "LOOPCTL_DATABASE_URL": project.locations.loopctl,
                "LOOPCTL_DAGSTER_URL": project.locations.dagster,
                "LOOPCTL_HOME": str(project.settings.home.absolute()),
            }
            Console().print(f"Dagster UI: [bold]http://{host}:{port}[/bold]  (Ctrl-C ends it)")
            code = open_ui(project.settings.home, environment, host=host, port=port)
    raise typer.Exit(code)
