"""`loopctl-pipelines demo`."""

from contextlib import closing
from dataclasses import replace

import typer
from dagster import DagsterInstance
from rich.text import Text

from loopctl_pipelines.cli.project import Project, open_project
from loopctl_pipelines.costs.jobs import DAILY_COSTS
from loopctl_pipelines.costs.table_use import COST_TABLES
from loopctl_pipelines.database.preflight import check_database
from loopctl_pipelines.database.upgrade import upgrade
from loopctl_pipelines.definitions import build_definitions
from loopctl_pipelines.demo.demo import demo_days, run_demo
from loopctl_pipelines.demo.embed import embed_sample
from loopctl_pipelines.demo.provider import sample_provider
from loopctl_pipelines.demo.sample.knowledge import SAMPLE_CLOAK_KEY
from loopctl_pipelines.knowledge.embedding.definitions import build_embedder
from loopctl_pipelines.knowledge.embedding.jobs import EMBED_ARTICLES
from loopctl_pipelines.terminal import Terminal


def demo() -> None:
    """Fill an empty database with sample data, run the daily job on it, show the result."""
    console = Terminal()
    with open_project() as project:
        with console.status("Creating the tables"):
            upgrade(project.locations.loopctl, project.settings.database_role)
        check_database(project.database, COST_TABLES)
        days = demo_days(project.start, project.today)
        with project.instance() as instance:
            well = run_demo(console, project.database, instance, project.job(DAILY_COSTS), days)
            with sample_provider() as provider:
                well &= _embed(console, project, instance, provider.base_url)
    console.print("\nOpen the same data in the Dagster UI:", Text("make dev", style="bold"))
    if not well:
        raise typer.Exit(1)


def _embed(console: Terminal, project: Project, instance: DagsterInstance, base_url: str) -> bool:
    """Embed with the sample's provider whatever the settings are: nothing leaves the machine."""
    cloak_key = project.settings.cloak_key or SAMPLE_CLOAK_KEY
    settings = replace(project.settings, embedding_base_url=base_url, cloak_key=cloak_key)
    with closing(build_embedder(settings, project.database)) as embedder:
        definitions = build_definitions(
            settings, resources={"database": project.database, "embedder": embedder}
        )
        job = definitions.resolve_job_def(EMBED_ARTICLES)
        return embed_sample(console, instance, job, embedder)
