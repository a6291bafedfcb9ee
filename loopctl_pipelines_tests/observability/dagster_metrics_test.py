"""Runs and failed partitions are counted in Dagster's storage."""

from datetime import date

from dagster import DagsterInstance, DagsterRunStatus

from loopctl_pipelines.costs.backfill import Backfill
from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.observability.dagster_metrics import days_until, read_dagster
from loopctl_pipelines.observability.exposition import text_of
from loopctl_pipelines.setting_reader import StartDate
from loopctl_pipelines.settings import Settings
from loopctl_pipelines.tenants.operator_queries import list_tenants
from loopctl_pipelines_tests.dagster_internals import create_run_for_test
from loopctl_pipelines_tests.dagster_project import DagsterProject, dagster_project
from loopctl_pipelines_tests.observability.samples import Samples
from loopctl_pipelines_tests.usage import Usage, id_of

DAY = date(2026, 4, 1)
BIGINT_MAX = 2**63 - 1


def _samples(project: DagsterProject, *named: str) -> Samples:
    tenants = list(list_tenants(project.database).values())
    names = {id_of(slug): slug for slug in named}
    metrics = read_dagster(project.instance, project.job, tenants, (DAY, DAY), names)
    return Samples(text_of(metrics).decode())


def test_a_failed_partition_is_counted_until_it_lands(
    database: Database, instance: DagsterInstance
) -> None:
    usage = Usage()
    reports = [usage.report("b", DAY, BIGINT_MAX) for _ in range(2)]
    usage.report("a", DAY, 1)
    usage.write(database)
    project = dagster_project(database, instance, Settings(start_date=StartDate(DAY)))
    list(Backfill(instance, project.job, DAY, DAY, ("a", "b")).run())
    samples = _samples(project, "a", "b")
    assert samples.of("loopctl_partitions_failed") == 1
    assert samples.labelled("loopctl_tenant_partitions_failed") == {("b",): 1}
    with database.operator_transaction() as connection:
        connection.execute("DELETE FROM token_usage_reports WHERE id = ANY(%s)", [reports])
    list(Backfill(instance, project.job, DAY, DAY, ("a", "b")).run())
    samples = _samples(project)
    assert samples.of("loopctl_partitions_failed") == 0
    assert samples.labelled("loopctl_tenant_partitions_failed") == {}


def test_the_last_success_is_that_of_the_schedule_and_no_backfill_s(
    database: Database, instance: DagsterInstance
) -> None:
    usage = Usage()
    usage.report("a", DAY, 1)
    usage.write(database)
    project = dagster_project(database, instance, Settings(start_date=StartDate(DAY)))
    name = "loopctl_schedule_last_success_timestamp_seconds"
    assert project.run((DAY, DAY), ("a", "a")).success
    assert _samples(project).labelled(name) == {}
    nightly = {"dagster/schedule_name": "daily_costs_schedule"}
    assert project.run((DAY, DAY), ("a", "a"), tags=nightly).success
    [record] = instance.get_run_records(limit=1)
    assert _samples(project).labelled(name) == {("daily_costs_schedule",): record.end_time}


def test_runs_that_are_not_finished_are_counted_by_status(
    database: Database, instance: DagsterInstance
) -> None:
    project = dagster_project(database, instance, Settings(start_date=StartDate(DAY)))
    for status in (DagsterRunStatus.STARTING, DagsterRunStatus.STARTED, DagsterRunStatus.STARTED):
        create_run_for_test(instance, job_name="daily_costs", status=status)
    found = _samples(project).labelled("loopctl_runs")
    assert found == {("queued",): 0, ("starting",): 1, ("started",): 2}


def test_days_before_the_first_partition_are_not_looked_at() -> None:
    last = date(2026, 4, 10)
    assert days_until(last, 3, DAY) == (date(2026, 4, 8), last)
    assert days_until(last, 31, DAY) == (DAY, last)
