"""Runs of `article_links` as Dagster records them, also those that its sensor requests."""

from collections.abc import Mapping
from typing import Any

import pytest
from dagster import (
    AssetKey,
    AssetMaterialization,
    AssetRecordsFilter,
    DagsterInstance,
    Definitions,
    evaluate_automation_conditions,
)
from psycopg import sql

from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.definitions import build_definitions
from loopctl_pipelines.settings import Settings
from loopctl_pipelines.tenants.sync import sync_tenants
from loopctl_pipelines_tests.dagster_project import failure_reasons_shown
from loopctl_pipelines_tests.knowledge.linking.corpus import Corpus, at_similarity
from loopctl_pipelines_tests.usage import id_of

LINKS = AssetKey("article_links")
EMBEDDINGS = AssetKey("article_embeddings")


class Project:
    """Definitions and instance of one test, with tenants `acme` and `blue`."""

    def __init__(self, corpus: Corpus, instance: DagsterInstance) -> None:
        self.corpus, self.instance = corpus, instance
        self.definitions: Definitions = build_definitions(
            Settings(), resources={"database": corpus.database}
        )
        sync_tenants(instance, corpus.database)

    def run(self, first: str, last: str) -> bool:
        """Link a range of tenants; return whether all of them landed."""
        job = self.definitions.resolve_implicit_global_asset_job_def()
        tags = {
            "dagster/asset_partition_range_start": first,
            "dagster/asset_partition_range_end": last,
        }
        return job.execute_in_process(
            instance=self.instance, asset_selection=[LINKS], tags=tags, raise_on_error=False
        ).success

    def landed(self) -> set[str]:
        return self.instance.get_materialized_partitions(LINKS)

    def metadata(self, slug: str) -> Mapping[str, Any]:
        latest = AssetRecordsFilter(LINKS, asset_partitions=[slug])
        event = self.instance.fetch_materializations(latest, 1).records[0].asset_materialization
        return {name: value.value for name, value in event.metadata.items()} if event else {}


@pytest.fixture
def project(corpus: Corpus, instance: DagsterInstance) -> Project:
    for slug in ("acme", "blue"):
        corpus.add(slug, {"a": at_similarity(1), "b": at_similarity(0.8)})
    return Project(corpus, instance)


def test_one_run_links_many_tenants_and_records_what_it_did(project: Project) -> None:
    assert project.run("acme", "blue")
    assert project.landed() == {"acme", "blue"}
    assert project.metadata("blue") == {
        "articles linked": 2,
        "links added": 1,
        "links updated": 0,
        "links removed": 0,
        "unchecked proposals unpublished": 0,
        "searched exactly": 2,
        "searched in the index": 0,
        "too few in the index, searched again": 0,
    }


def test_a_tenant_that_fails_does_not_keep_the_others_from_landing(
    project: Project, database: Database
) -> None:
    with database.operator_transaction() as connection:
        connection.execute(
            sql.SQL(
                "ALTER TABLE article_links ADD CONSTRAINT refused CHECK (tenant_id <> {})"
            ).format(str(id_of("acme")))
        )
    assert not project.run("acme", "blue")
    assert project.landed() == {"blue"}
    reasons = failure_reasons_shown(project.instance, LINKS)
    assert set(reasons) == {"acme"}
    assert "tenant 'acme'" in reasons["acme"]
    assert project.corpus.links("acme") == {}


def test_its_condition_requests_exactly_the_tenants_whose_embeddings_landed(
    project: Project, instance: DagsterInstance
) -> None:
    before = evaluate_automation_conditions(project.definitions, instance)
    instance.report_runless_asset_event(AssetMaterialization(EMBEDDINGS, partition="acme"))
    result = evaluate_automation_conditions(project.definitions, instance, cursor=before.cursor)
    assert result.get_requested_partitions(LINKS) == {"acme"}
    assert result.total_requested == 1
