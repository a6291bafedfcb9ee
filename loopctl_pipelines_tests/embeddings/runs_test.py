"""Runs of `embed_articles` as Dagster records them, and what the sensor asks for."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from dagster import (
    AssetKey,
    AssetRecordsFilter,
    DagsterInstance,
    Definitions,
)

from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.definitions import build_definitions
from loopctl_pipelines.embeddings.embedder import Embedder
from loopctl_pipelines.embeddings.job_runs import run_embed_articles
from loopctl_pipelines.embeddings.jobs import EMBED_ARTICLES
from loopctl_pipelines.embeddings.loopback import LoopbackServer
from loopctl_pipelines.in_process_runs import EndedRun
from loopctl_pipelines.settings import Settings
from loopctl_pipelines.tenants.sync import sync_tenants
from loopctl_pipelines_tests.embeddings.knowledge import KEY, Knowledge, embedder

EMBEDDINGS = AssetKey("article_embeddings")


class Project:
    """Definitions and instance of one test, with tenants `acme`, `blue` and `cold`."""

    def __init__(self, knowledge: Knowledge, instance: DagsterInstance, embed: Embedder) -> None:
        self.knowledge = knowledge
        self.instance = instance
        self.embed = embed
        self.definitions: Definitions = build_definitions(Settings(), knowledge.database, embed)
        sync_tenants(instance, knowledge.database)

    def run(self, *slugs: str) -> EndedRun:
        job = self.definitions.resolve_job_def(EMBED_ARTICLES)
        (ended,) = run_embed_articles(self.instance, job, slugs)
        return ended

    def metadata(self, slug: str) -> Mapping[str, Any]:
        latest = AssetRecordsFilter(EMBEDDINGS, asset_partitions=[slug])
        event = self.instance.fetch_materializations(latest, 1).records[0].asset_materialization
        return {name: value.value for name, value in event.metadata.items()} if event else {}


@pytest.fixture
def loopback() -> Iterator[LoopbackServer]:
    with LoopbackServer([KEY]) as server:
        yield server


@pytest.fixture
def project(
    database: Database, instance: DagsterInstance, loopback: LoopbackServer
) -> Iterator[Project]:
    knowledge = Knowledge(database)
    for slug in ("acme", "blue", "cold"):
        knowledge.tenant(slug)
        knowledge.articles(slug, 2)
    with embedder(database, loopback.base_url) as embed:
        yield Project(knowledge, instance, embed)


def test_one_run_embeds_the_articles_of_many_tenants(project: Project) -> None:
    ended = project.run("acme", "blue", "cold")
    assert ended.failure is None
    assert {key for _, key in ended.materialized} == {"acme", "blue", "cold"}
    assert project.metadata("blue")["embedded"] == 2
    assert project.metadata("blue")["circuit breaker"] == "closed"
