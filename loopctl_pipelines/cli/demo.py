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
from loopctl_pipelines.database.vectors import find_no_vectors_sentence
from loopctl_pipelines.definitions import build_definitions
from loopctl_pipelines.demo.demo import demo_days, run_demo
from loopctl_pipelines.demo.embed import embed_sample
from loopctl_pipelines.demo.extract import extract_sample
from loopctl_pipelines.demo.link import link_sample
from loopctl_pipelines.demo.provider import SampleVendors, sample_vendors
from loopctl_pipelines.demo.sample.handed_in import REVIEWS
from loopctl_pipelines.demo.sample.knowledge import PLANTED_FAILURE, SAMPLE_CLOAK_KEY
from loopctl_pipelines.knowledge.embedding.definitions import build_embedder
from loopctl_pipelines.knowledge.embedding.jobs import EMBED_ARTICLES
from loopctl_pipelines.knowledge.extraction.definitions import build_extractor
from loopctl_pipelines.knowledge.extraction.jobs import EXTRACT_ARTICLES
from loopctl_pipelines.terminal import Terminal


def demo() -> None:
    """Fill an empty database with sample data, run the jobs on it, show the results."""
    console = Terminal()
    with open_project() as project:
        with console.status("Creating the tables"):
            upgrade(project.locations.loopctl, project.settings.database_role)
        check_database(project.database, COST_TABLES)
        days = demo_days(project.start, project.today)
        with project.instance() as instance:
            well = run_demo(console, project.database, instance, project.job(DAILY_COSTS), days)
            if sentence := find_no_vectors_sentence(project.database):
                console.print(sentence)
            else:
                with sample_vendors() as vendors:
                    well &= _fill_knowledge_base(console, project, instance, vendors)
                console.print(f"\n{PLANTED_FAILURE}", highlight=False)
    console.print("\nOpen the same data in the Dagster UI:", Text("make dev", style="bold"))
    if not well:
        raise typer.Exit(1)


def _fill_knowledge_base(
    console: Terminal, project: Project, instance: DagsterInstance, vendors: SampleVendors
) -> bool:
    """Extract, embed and link with the sample's vendors, whatever the settings are.

    So nothing leaves the machine.
    """
    settings = replace(
        project.settings,
        embedding_base_url=vendors.embeddings.base_url,
        anthropic_base_url=vendors.messages.base_url,
        extract_reviews=frozenset(REVIEWS),
        cloak_key=project.settings.cloak_key or SAMPLE_CLOAK_KEY,
    )
    database = project.database
    with (
        closing(build_embedder(settings, database)) as embedder,
        closing(build_extractor(settings, database)) as extractor,
    ):
        definitions = build_definitions(
            settings,
            resources={"database": database, "embedder": embedder, "extractor": extractor},
        )
        extract = definitions.resolve_job_def(EXTRACT_ARTICLES)
        well = extract_sample(console, instance, extract, extractor)
        embed = definitions.resolve_job_def(EMBED_ARTICLES)
        well &= embed_sample(console, instance, embed, embedder)
        link = definitions.resolve_implicit_global_asset_job_def()
        return well & link_sample(console, instance, link, database)
