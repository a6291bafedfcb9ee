"""`metrics` prints what is pending, failed, open and billed, as Prometheus reads it."""

from pathlib import Path

from loopctl_pipelines.database.connection import Database
from loopctl_pipelines_tests.api.rows import add_document, add_tenants
from loopctl_pipelines_tests.observability.samples import Samples
from loopctl_pipelines_tests.shell import Shell


def test_the_database_and_dagster_s_storage_are_counted(shell: Shell, database: Database) -> None:
    add_tenants(database, "acme", "other")
    add_document(database, "acme")
    code, out, err = shell.run("metrics")
    assert (code, err) == (0, "")
    samples = Samples(out)
    assert samples.of("loopctl_queue_items", queue="ingestion") == 1
    assert samples.of("loopctl_partitions_failed") == 0
    assert samples.labelled("loopctl_runs") == {("queued",): 0, ("starting",): 0, ("started",): 0}
    assert set(samples.labelled("loopctl_scrape_error").values()) == {0}
    assert "acme" not in out


def test_a_file_has_the_same_and_names_the_tenants_that_the_operator_lists(
    shell: Shell, database: Database, tmp_path: Path
) -> None:
    add_tenants(database, "acme", "other")
    add_document(database, "acme")
    add_document(database, "other")
    file = tmp_path / "loopctl.prom"
    named = shell.with_settings(LOOPCTL_METRICS_TENANTS="other")
    assert named.run("metrics", "--textfile", str(file)) == (0, "", "")
    samples = Samples(file.read_text())
    assert samples.of("loopctl_tenant_queue_items", tenant="other", queue="ingestion") == 1
    assert "acme" not in file.read_text()
    code, _, err = named.run("metrics", "--textfile", str(tmp_path / "no" / "folder"))
    assert code == 2
    assert "--textfile cannot be written: No such file or directory" in " ".join(err.split())


def test_without_dagster_s_storage_the_rest_is_there(shell: Shell, database: Database) -> None:
    add_tenants(database, "acme")
    away = shell.with_settings(LOOPCTL_DAGSTER_URL="postgresql://nobody@127.0.0.1:1/nothing")
    code, out, err = away.run("metrics")
    assert (code, err) == (0, "")
    samples = Samples(out)
    assert samples.of("loopctl_scrape_error", source="dagster") == 1
    assert samples.of("loopctl_scrape_error", source="queues") == 0
    assert samples.of("loopctl_queue_items", queue="ingestion") == 0
    assert samples.of("loopctl_partitions_failed") is None
