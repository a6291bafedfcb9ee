"""Without pgvector the knowledge base says so in one sentence, and costs are not held up."""

import json
from collections.abc import Iterator
from contextlib import ExitStack, closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from dagster import (
    AssetKey,
    DagsterInstance,
    Definitions,
    PartitionKeyRange,
    SensorResult,
    build_sensor_context,
)

from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.definitions import build_definitions
from loopctl_pipelines.partitions import range_tags
from loopctl_pipelines.settings import Settings
from loopctl_pipelines.tenants.sync import sync_tenants
from loopctl_pipelines_tests.dagster_project import failure_reasons_shown
from loopctl_pipelines_tests.database.hidden_vectors import SENTENCE, upgrade_without_vectors
from loopctl_pipelines_tests.knowledge.embedding.knowledge import embedder
from loopctl_pipelines_tests.knowledge.extraction.documents import extractor
from loopctl_pipelines_tests.shell import Shell
from loopctl_pipelines_tests.usage import Usage

NOBODY = "http://127.0.0.1:1"
LONG_AGO = datetime.now(UTC).date() - timedelta(days=100)


@pytest.fixture
def database(empty_database: str) -> Iterator[Database]:
    """Give a database on a server without pgvector, with the usage of one tenant."""
    upgrade_without_vectors(empty_database)
    with closing(Database(empty_database, "loopctl_app")) as database:
        usage = Usage()
        usage.report("acme", LONG_AGO, 1000)
        usage.write(database)
        yield database


@pytest.fixture
def resources(database: Database) -> Iterator[dict[str, object]]:
    with ExitStack() as stack:
        yield {
            "database": database,
            "embedder": stack.enter_context(embedder(database, NOBODY)),
            "extractor": stack.enter_context(extractor(database, NOBODY)),
        }


@pytest.fixture
def definitions(
    resources: dict[str, object], database: Database, instance: DagsterInstance
) -> Definitions:
    sync_tenants(instance, database)
    return build_definitions(Settings(), resources=resources)


def test_the_sensors_of_articles_skip_with_the_sentence(
    definitions: Definitions, resources: dict[str, object], instance: DagsterInstance
) -> None:
    for name, resource in (
        ("pending_embeddings_sensor", "embedder"),
        ("pending_extractions_sensor", "extractor"),
    ):
        context = build_sensor_context(
            instance,
            repository_def=definitions.get_repository_def(),
            resources={resource: resources[resource]},
        )
        result = definitions.resolve_sensor_def(name)(context)
        assert isinstance(result, SensorResult)
        assert result.skip_reason
        assert SENTENCE in str(result.skip_reason.skip_message)


@pytest.mark.parametrize("asset", ["article_embeddings", "extracted_articles", "article_links"])
def test_an_asset_of_articles_fails_with_the_sentence_and_retention_does_not(
    definitions: Definitions, instance: DagsterInstance, asset: str
) -> None:
    job = definitions.resolve_implicit_global_asset_job_def()
    done = job.execute_in_process(
        instance=instance,
        asset_selection=[AssetKey(asset)],
        tags=range_tags(PartitionKeyRange("acme", "acme")),
        raise_on_error=False,
    )
    assert not done.success
    assert SENTENCE in failure_reasons_shown(instance, AssetKey(asset))["acme"]
    retention = [AssetKey("token_data_retention")]
    assert job.execute_in_process(instance=instance, asset_selection=retention).success


def test_status_shows_the_sentence_and_commands_for_articles_end_with_it(
    empty_database: str, dagster_url: str, database: Database, tmp_path: Path
) -> None:
    urls = {"LOOPCTL_DATABASE_URL": empty_database, "LOOPCTL_DAGSTER_URL": dagster_url}
    shell = Shell(tmp_path, **urls, COLUMNS="300")
    code, out, err = shell.run("status", "--json")
    assert (code, json.loads(out)) == (0, [])
    assert SENTENCE in err
    document = tmp_path / "document.md"
    document.write_text("Retries need jitter.")
    for command in (("embed",), ("ingest", str(document), "--tenant", "acme")):
        code, out, err = shell.run(*command)
        assert (code, out) == (1, "")
        assert SENTENCE in err
        assert "Traceback" not in err
    with database.operator_transaction() as connection:
        queued = connection.execute("SELECT count(*) FROM loopctl_pipelines.ingestion_requests")
        assert queued.fetchone() == (0,)
