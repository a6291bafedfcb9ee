"""`loopctl-pipelines api`."""

from contextlib import closing
from typing import Annotated

import typer
from rich.text import Text

from loopctl_pipelines.api.access.operator_queries import check_key_lookup
from loopctl_pipelines.api.access.trial_key import make_trial_key
from loopctl_pipelines.api.app import PATIENCE, STATEMENT_SECONDS, build_app
from loopctl_pipelines.api.server import serve
from loopctl_pipelines.cli.project import Project, open_project
from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.database.vectors import find_no_vectors_sentence
from loopctl_pipelines.tenants.operator_queries import list_tenants
from loopctl_pipelines.tenants.selection import select_tenants
from loopctl_pipelines.terminal import Terminal


def api(
    host: Annotated[str, typer.Option(help="Where the API listens.")] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(help="Where the API listens; 0: a port that is free.", min=0, max=65_535)
    ] = 8000,
    key_for: Annotated[
        str | None,
        typer.Option(help="Slug: make a key for this tenant, to try the API; sample data only."),
    ] = None,
) -> None:
    """Serve costs and the knowledge base over HTTP, to loopctl's API keys, until interrupted."""
    with open_project() as project:
        project.upgrade_embedded()
        check_key_lookup(project.database)
        if sentence := find_no_vectors_sentence(project.database):
            Terminal(stderr=True).print(sentence)
        if key_for is not None:
            _show_trial_key(project, key_for)
        database = Database(
            project.locations.loopctl,
            project.settings.database_role,
            connections=project.settings.api_connections,
            patience=PATIENCE,
            statement_seconds=STATEMENT_SECONDS,
        )
        with closing(database):
            app = build_app(database, project.settings)
            serve(app, host, port, project.settings.log_format)


def _show_trial_key(project: Project, slug: str) -> None:
    if not project.locations.embedded:
        raise typer.BadParameter("is for the embedded PostgreSQL: loopctl makes its own keys")
    tenants = list_tenants(project.database)
    select_tenants([slug], tenants)
    key = make_trial_key(project.database, tenants[slug])
    Terminal().print("Valid for a day:", Text(key, style="bold"), soft_wrap=True)
