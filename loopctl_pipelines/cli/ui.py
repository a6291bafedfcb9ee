"""`loopctl-pipelines dev`."""

import os
from typing import Annotated

import typer

from loopctl_pipelines.cli.project import open_project
from loopctl_pipelines.demo.provider import sample_environment
from loopctl_pipelines.demo.sample.knowledge import PLANTED_FAILURE
from loopctl_pipelines.orchestration.ui.addresses import is_loopback, origin
from loopctl_pipelines.orchestration.ui.processes import open_ui
from loopctl_pipelines.tenants.sync import sync_tenants
from loopctl_pipelines.terminal import Terminal


def dev(
    host: Annotated[
        str, typer.Option(help="Where the UI listens. It has no login: keep it on this machine.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="Where the UI listens.")] = 3000,
    *,
    read_only: Annotated[
        bool, typer.Option("--read-only", help="Show everything, refuse every change.")
    ] = False,
) -> None:
    """Run the Dagster UI, and the daemon for schedules and sensors."""
    terminal = Terminal()
    address = origin("http", host, port)
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
            terminal.print(f"Dagster UI: {address}  (Ctrl-C ends it)")
            if sample:
                terminal.print(PLANTED_FAILURE)
            if not is_loopback(host):
                terminal.print(_exposure(port, read_only=read_only), style="yellow")
            open_ui(
                project.settings.home,
                environment,
                host=host,
                port=port,
                read_only=read_only,
                log_format=project.settings.log_format,
            )


def _exposure(port: int, *, read_only: bool) -> str:
    may = "see" if read_only else "see, launch and delete"
    return (
        f"The UI has no login: anyone who reaches port {port} of this machine can {may} everything "
        "in it. docs/operating.md says how to put a proxy that authenticates in front."
    )
