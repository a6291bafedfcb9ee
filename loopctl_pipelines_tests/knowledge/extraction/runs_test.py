"""`extracted_articles` in Dagster: runs of many tenants, and the sensor that requests them."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from dagster import (
    AssetKey,
    AssetPartitionStatus,
    AssetRecordsFilter,
    DagsterInstance,
    Definitions,
    PartitionKeyRange,
    RunRequest,
    SensorResult,
    build_sensor_context,
)

from loopctl_pipelines.definitions import build_definitions
from loopctl_pipelines.knowledge.extraction.jobs import EXTRACT_ARTICLES
from loopctl_pipelines.knowledge.extraction.work.extractor import Extractor
from loopctl_pipelines.knowledge.tenant_work.sensor_evaluation import PENDING_ONLY_TAG
from loopctl_pipelines.llm.anthropic.tenant_settings import DEFAULT_MODEL
from loopctl_pipelines.orchestration.in_process_runs import EndedRun, run_in_process
from loopctl_pipelines.partitions import TENANTS
from loopctl_pipelines.settings import Settings
from loopctl_pipelines.tenants.sync import sync_tenants
from loopctl_pipelines_tests.dagster_project import failure_reasons_shown
from loopctl_pipelines_tests.knowledge.extraction.answers import answering, titled_by_first_line
from loopctl_pipelines_tests.knowledge.extraction.documents import KEY, Documents, extractor

EXTRACTED = AssetKey("extracted_articles")
MODELS = (DEFAULT_MODEL, "claude-of-tomorrow")


class Project:
    """Definitions and instance of one test, with tenants `acme`, `blue` and `cold`."""

    def __init__(self, documents: Documents, instance: DagsterInstance, extract: Extractor) -> None:
        self.documents = documents
        self.instance = instance
        self.extract = extract
        self.cursor: str | None = None
        self.skipped: str | None = None
        self.definitions: Definitions = build_definitions(
            Settings(), resources={"database": documents.database, "extractor": extract}
        )
        sync_tenants(instance, documents.database)

    def run(self, first: str, last: str, **tags: str) -> EndedRun:
        job = self.definitions.resolve_job_def(EXTRACT_ARTICLES)
        return run_in_process(self.instance, job, PartitionKeyRange(first, last), tags=tags)

    def evaluate(self) -> list[RunRequest]:
        context = build_sensor_context(
            self.instance,
            cursor=self.cursor,
            repository_def=self.definitions.get_repository_def(),
            resources={"extractor": self.extract},
        )
        result = self.definitions.resolve_sensor_def("pending_extractions_sensor")(context)
        assert isinstance(result, SensorResult)
        self.cursor = result.cursor or self.cursor
        self.skipped = result.skip_reason.skip_message if result.skip_reason else None
        return list(result.run_requests or ())

    def status(self, slug: str) -> AssetPartitionStatus | None:
        statuses = self.instance.get_status_by_partition(EXTRACTED, [slug], TENANTS)
        return (statuses or {}).get(slug)

    def metadata(self, slug: str) -> Mapping[str, Any]:
        latest = AssetRecordsFilter(EXTRACTED, asset_partitions=[slug])
        event = self.instance.fetch_materializations(latest, 1).records[0].asset_materialization
        return {name: value.value for name, value in event.metadata.items()} if event else {}


@pytest.fixture
def project(documents: Documents, instance: DagsterInstance) -> Iterator[Project]:
    for slug in ("acme", "blue", "cold"):
        documents.tenant(slug, key="sk-ant-revoked" if slug == "blue" else KEY)
    with (
        answering(titled_by_first_line, models=MODELS) as (server, _),
        extractor(documents.database, server.base_url, review_slugs=["cold"]) as extract,
    ):
        yield Project(documents, instance, extract)


def test_a_tenant_whose_key_is_rejected_fails_alone(project: Project) -> None:
    for slug in ("acme", "blue", "cold"):
        project.documents.document(slug, f"Title of {slug}\ntext")
    ended = project.run("acme", "cold")
    assert "key or extraction model" in str(ended.failure)
    assert {key for _, key in ended.materialized} == {"acme", "cold"}
    reasons = failure_reasons_shown(project.instance, EXTRACTED)
    assert set(reasons) == {"blue"}
    assert "key or extraction model" in reasons["blue"]
    assert project.documents.titles("acme") == ["Title of acme"]
    assert project.metadata("acme")["articles"] == 1
    assert project.metadata("acme")["billed input tokens"] > 0
    assert 0 < project.metadata("acme")["dollars by list price"] < 0.01
    assert project.metadata("cold")["dollars by list price"] > 0


def test_the_cost_of_a_model_without_a_list_price_is_unknown(project: Project) -> None:
    project.documents.set_key("acme", KEY, "claude-of-tomorrow")
    project.documents.document("acme", "Title\ntext")
    project.run("acme", "acme")
    assert project.metadata("acme")["billed input tokens"] > 0
    assert project.metadata("acme")["dollars by list price"] == "unknown"


def test_a_tenant_that_failed_is_materialized_by_a_later_run(project: Project) -> None:
    project.documents.document("blue", "Title of blue\ntext")
    project.run("blue", "blue")
    assert project.status("blue") is AssetPartitionStatus.FAILED
    project.documents.set_key("blue", "sk-ant-of-the-tests")
    assert project.run("blue", "blue").failure is None
    assert project.status("blue") is AssetPartitionStatus.MATERIALIZED
    assert project.metadata("blue")["articles"] == 1
    # why it had failed can still be read
    assert "key or extraction model" in failure_reasons_shown(project.instance, EXTRACTED)["blue"]


def test_slugs_whose_reviews_nobody_has_are_said_by_sensor_and_run(
    project: Project,
) -> None:
    project.extract.review_slugs = ["cold", "colt"]
    sentence = "LOOPCTL_EXTRACT_REVIEWS names no active tenant: 'colt'. Correct or remove it."
    assert project.evaluate() == []
    assert project.skipped == f"Nothing to request: nothing is pending. {sentence}"
    project.run("acme", "acme")
    [run] = project.instance.get_runs()
    assert sentence in [log.user_message for log in project.instance.all_logs(run.run_id)]


def test_the_sensor_requests_pending_tenants_once_and_then_rests(project: Project) -> None:
    assert project.evaluate() == []
    project.documents.document("acme")
    project.documents.review("cold")
    project.cursor = None
    (request,) = project.evaluate()
    assert request.tags[PENDING_ONLY_TAG] == "true"
    assert request.tags["dagster/asset_partition_range_start"] == "acme"
    assert request.tags["dagster/asset_partition_range_end"] == "cold"
    ended = project.run("acme", "cold", **{PENDING_ONLY_TAG: "true"})
    assert {key for _, key in ended.materialized} == {"acme", "cold"}
    # as if the counters of the changes had been published
    project.cursor = None
    assert project.evaluate() == []
    assert project.skipped == "Nothing to request: nothing is pending."


def test_the_sensor_does_not_request_a_paused_tenant_until_its_key_changes(
    project: Project,
) -> None:
    project.documents.document("blue")
    assert len(project.evaluate()) == 1
    project.run("blue", "blue")
    assert project.evaluate() == []
    assert "1 paused" in str(project.skipped)
    project.documents.set_key("blue", "sk-ant-of-the-tests")
    project.cursor = None
    assert len(project.evaluate()) == 1


def test_reviews_of_tenants_that_are_not_listed_are_not_pending(project: Project) -> None:
    project.documents.review("acme")
    assert project.evaluate() == []


def test_rows_of_a_deleted_tenant_are_removed_by_the_sensor(project: Project) -> None:
    project.documents.document("acme")
    project.run("acme", "acme")
    with project.documents.database.operator_transaction() as connection:
        connection.execute("DELETE FROM articles")
        connection.execute("DELETE FROM tenants WHERE slug = 'acme'")
    project.cursor = None
    project.evaluate()
    with project.documents.database.operator_transaction() as connection:
        for table in (b"extractions", b"ingestion_requests"):
            rows = connection.execute(b"SELECT FROM loopctl_pipelines." + table).fetchall()
            assert rows == [], table
