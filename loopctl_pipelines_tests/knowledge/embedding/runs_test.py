"""Runs of `embed_articles` as Dagster records them, also those that the sensor requests."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from dagster import (
    AssetKey,
    AssetRecordsFilter,
    DagsterInstance,
    Definitions,
    PartitionKeyRange,
)

from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.definitions import build_definitions
from loopctl_pipelines.knowledge.embedding.jobs import EMBED_ARTICLES
from loopctl_pipelines.knowledge.embedding.work.embedder import Embedder
from loopctl_pipelines.knowledge.tenant_work.claim import claim_tenant
from loopctl_pipelines.knowledge.tenant_work.job_runs import run_for_tenants
from loopctl_pipelines.knowledge.tenant_work.sensor_evaluation import PENDING_ONLY_TAG
from loopctl_pipelines.llm.operation import Operation
from loopctl_pipelines.orchestration.in_process_runs import EndedRun, run_in_process
from loopctl_pipelines.partitions import TENANTS
from loopctl_pipelines.settings import Settings
from loopctl_pipelines.tenants.sync import sync_tenants
from loopctl_pipelines_tests.dagster_project import failure_reasons_shown
from loopctl_pipelines_tests.knowledge.embedding.knowledge import Knowledge, embedder
from loopctl_pipelines_tests.knowledge.embedding.scripted_provider import scripted, where
from loopctl_pipelines_tests.llm import failing_provider as faults
from loopctl_pipelines_tests.usage import id_of

EMBEDDINGS = AssetKey("article_embeddings")


class Project:
    """Definitions and instance of one test, with tenants `acme`, `blue` and `cold`."""

    def __init__(self, knowledge: Knowledge, instance: DagsterInstance, embed: Embedder) -> None:
        self.knowledge = knowledge
        self.instance = instance
        self.embed = embed
        self.definitions: Definitions = build_definitions(
            Settings(), resources={"database": knowledge.database, "embedder": embed}
        )
        sync_tenants(instance, knowledge.database)

    def run_pending(self, first: str, last: str) -> EndedRun:
        """Run as the sensor requests it."""
        job = self.definitions.resolve_job_def(EMBED_ARTICLES)
        tags = {PENDING_ONLY_TAG: "true"}
        return run_in_process(self.instance, job, PartitionKeyRange(first, last), tags=tags)

    def run(self, *slugs: str) -> EndedRun:
        job = self.definitions.resolve_job_def(EMBED_ARTICLES)
        (ended,) = run_for_tenants(self.instance, job, slugs)
        return ended

    def metadata(self, slug: str) -> Mapping[str, Any]:
        latest = AssetRecordsFilter(EMBEDDINGS, asset_partitions=[slug])
        event = self.instance.fetch_materializations(latest, 1).records[0].asset_materialization
        return {name: value.value for name, value in event.metadata.items()} if event else {}


@pytest.fixture
def project(database: Database, instance: DagsterInstance, embed: Embedder) -> Project:
    knowledge = Knowledge(database)
    for slug in ("acme", "blue", "cold"):
        knowledge.tenant(slug)
        knowledge.articles(slug, 2)
    return Project(knowledge, instance, embed)


def test_one_run_embeds_the_articles_of_many_tenants(project: Project) -> None:
    ended = project.run("acme", "blue", "cold")
    assert ended.failure is None
    assert {key for _, key in ended.materialized} == {"acme", "blue", "cold"}
    assert project.metadata("blue")["embedded"] == 2
    assert project.metadata("blue")["circuit breaker"] == "closed"


def test_one_tenants_rejected_key_fails_its_partition_alone(project: Project) -> None:
    project.knowledge.set_key("blue", "revoked")
    ended = project.run("acme", "blue", "cold")
    assert ended.failure is not None
    assert ended.failure.startswith("1 of 3 partitions failed.")
    assert "tenant 'blue'" in ended.failure
    assert "api_error status=401" in ended.failure
    assert {key for _, key in ended.materialized} == {"acme", "cold"}
    reasons = failure_reasons_shown(project.instance, EMBEDDINGS)
    assert set(reasons) == {"blue"}
    assert "api_error status=401" in reasons["blue"]


def test_an_idle_tenant_in_the_range_of_a_failed_run_is_not_shown_as_failed(
    project: Project,
) -> None:
    project.run("blue")
    project.knowledge.set_key("cold", "revoked")
    assert project.run_pending("acme", "cold").failure is not None
    status = project.instance.get_status_by_partition(EMBEDDINGS, ["acme", "blue", "cold"], TENANTS)
    assert {key: value.value for key, value in (status or {}).items() if value} == {
        "acme": "MATERIALIZED",
        "blue": "MATERIALIZED",
        "cold": "FAILED",
    }


def test_a_tenant_without_a_key_is_no_failure_and_its_articles_are_counted(
    project: Project,
) -> None:
    project.knowledge.set_key("blue", None)
    assert project.run("acme", "blue", "cold").failure is None
    assert project.metadata("blue")["blocked, no key"] == 2


def test_a_tenant_with_a_bad_article_is_no_failure_and_shows_the_rejection(
    database: Database, instance: DagsterInstance
) -> None:
    knowledge = Knowledge(database)
    knowledge.tenant("acme")
    knowledge.articles("acme", 3)
    knowledge.article("acme", "Bad", "UNSPEAKABLE")
    with (
        scripted(where("UNSPEAKABLE", faults.refusal(400))) as provider,
        embedder(database, provider.base_url) as embed,
    ):
        project = Project(knowledge, instance, embed)
        assert project.run("acme").failure is None
    shown = project.metadata("acme")
    assert (shown["embedded"], shown["set aside"]) == (3, 1)
    assert "api_error status=400" in str(shown["failed requests"])


def test_a_suspended_tenant_is_skipped(project: Project, database: Database) -> None:
    with database.operator_transaction() as connection:
        connection.execute("UPDATE tenants SET status = 'suspended' WHERE slug = 'blue'")
    ended = project.run("acme", "blue", "cold")
    assert {key for _, key in ended.materialized} == {"acme", "cold"}
    assert project.knowledge.embedded("blue") == set()


def test_a_run_that_the_sensor_requested_does_not_wait_for_a_tenant_of_another_run(
    project: Project, database: Database
) -> None:
    with database.tenant_transaction(id_of("blue")) as connection:
        claim_tenant(connection, id_of("blue"), Operation.EMBEDDING, uuid4(), timedelta(minutes=2))
    ended = project.run_pending("acme", "cold")
    assert {key for _, key in ended.materialized} == {"acme", "cold"}
    assert ended.failure is None


def test_a_run_that_the_sensor_requested_skips_idle_tenants(project: Project) -> None:
    project.run("blue")
    assert {key for _, key in project.run_pending("acme", "cold").materialized} == {"acme", "cold"}
