"""After new code every partition is stale, whichever way the run ended that recorded it."""

from datetime import UTC, date, datetime, timedelta

import pytest
from dagster import AssetKey, DagsterInstance

from loopctl_pipelines.costs.jobs import WEEKLY_RECONCILIATION
from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.setting_reader import StartDate
from loopctl_pipelines.settings import Settings
from loopctl_pipelines_tests.costs.runs import roll_up_all, unit
from loopctl_pipelines_tests.dagster_internals import partitions_by_staleness
from loopctl_pipelines_tests.dagster_project import (
    ANOMALIES,
    SUMMARIES,
    DagsterProject,
    dagster_project,
)
from loopctl_pipelines_tests.staleness import assert_stale_after_new_code, with_new_code
from loopctl_pipelines_tests.usage import Usage

DAY = date(2026, 4, 1)
SLUGS = ("a", "b", "c")
KEYS = {f"{DAY}|{slug}" for slug in SLUGS}
BIGINT_MAX = 2**63 - 1
QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
TODAY = datetime.now(UTC).date()
YESTERDAY = TODAY - timedelta(days=1)


def _suspend(database: Database, slug: str) -> None:
    with database.operator_transaction() as connection:
        connection.execute("UPDATE tenants SET status = 'suspended' WHERE slug = %s", [slug])


@pytest.fixture
def usage(database: Database) -> Usage:
    usage = Usage()
    for slug in SLUGS:
        usage.report(slug, DAY, 1000)
    usage.write(database)
    return usage


@pytest.fixture
def project(database: Database, instance: DagsterInstance, usage: Usage) -> DagsterProject:
    assert usage.reports
    return dagster_project(database, instance, Settings(start_date=StartDate(DAY)))


@pytest.mark.parametrize("run", ["whole", "a tenant is suspended", "a tenant fails"])
def test_summaries_are_stale_after_new_code(
    project: DagsterProject, database: Database, usage: Usage, run: str
) -> None:
    missing = set() if run == "whole" else {f"{DAY}|b"}
    if run == "a tenant is suspended":
        _suspend(database, "b")
    if run == "a tenant fails":
        for _ in range(2):
            usage.report("b", DAY, BIGINT_MAX)
        usage.write(database)
    ended = project.run((DAY, DAY), ("a", "c"))
    assert ended.success == (run != "a tenant fails")
    assert project.materialized(ended.run_id) == KEYS - missing
    assert_stale_after_new_code(
        project.instance, project.definitions, SUMMARIES, KEYS - missing, missing
    )


@pytest.mark.parametrize("run", ["whole", "a tenant is suspended"])
def test_anomalies_are_stale_after_new_code(
    project: DagsterProject, database: Database, run: str
) -> None:
    missing = set() if run == "whole" else {f"{DAY}|b"}
    if missing:
        _suspend(database, "b")
    assert project.run((DAY, DAY), ("a", "c")).success
    assert_stale_after_new_code(
        project.instance, project.definitions, ANOMALIES, KEYS - missing, missing
    )
    # of new summaries, their anomalies are stale as well
    newer = with_new_code(project.definitions, SUMMARIES)
    DagsterProject(database, project.instance, newer).run((DAY, DAY), ("a", "a"), [SUMMARIES])
    found = partitions_by_staleness(project.instance, newer, ANOMALIES, KEYS - missing)
    assert found["STALE"] == {f"{DAY}|a"}


def test_what_the_weekly_reconciliation_has_recorded_is_stale_after_new_code(
    database: Database, instance: DagsterInstance
) -> None:
    usage = Usage()
    for slug in SLUGS:
        usage.report(slug, YESTERDAY, 1000)
    usage.write(database)
    roll_up_all(database, [unit("a", YESTERDAY)])
    start = Settings(start_date=StartDate(YESTERDAY - timedelta(days=9)))
    project = dagster_project(database, instance, start)
    _suspend(database, "c")
    job = project.definitions.resolve_job_def(WEEKLY_RECONCILIATION)
    ended = job.execute_in_process(instance=instance, run_config=QUIET)
    assert project.materialized(ended.run_id) == {f"{YESTERDAY}|b"}
    for asset in (SUMMARIES, ANOMALIES):
        others = {f"{YESTERDAY}|a", f"{YESTERDAY}|c"}
        assert_stale_after_new_code(
            project.instance, project.definitions, asset, {f"{YESTERDAY}|b"}, others
        )


def test_what_the_weekly_reconciliation_records_has_the_tags_of_the_nightly_run(
    database: Database, instance: DagsterInstance
) -> None:
    usage = Usage()
    for slug in SLUGS:
        usage.report(slug, YESTERDAY, 1000)
    usage.write(database)
    project = dagster_project(database, instance, Settings(start_date=StartDate(YESTERDAY)))
    job = project.definitions.resolve_job_def(WEEKLY_RECONCILIATION)
    weekly = job.execute_in_process(instance=instance, run_config=QUIET).run_id
    nightly = project.run((YESTERDAY, YESTERDAY), ("a", "c")).run_id
    found = [_tags(project, run_id, SUMMARIES) for run_id in (weekly, nightly)]
    assert len(found[0]) == len(SLUGS)
    assert found[0] == found[1]
    of_anomalies = [_tags(project, run_id, ANOMALIES) for run_id in (weekly, nightly)]
    # they name different materializations of the summaries, the ones that each run has read
    pointer = "dagster/input_event_pointer/cost_summaries"
    assert all(tags.pop(pointer) for run in of_anomalies for tags in run.values())
    assert of_anomalies[0] == of_anomalies[1]


def _tags(project: DagsterProject, run_id: str, asset: AssetKey) -> dict[str, dict[str, str]]:
    records = project.instance.fetch_materializations(asset, limit=100).records
    return {
        str(event.partition): dict(event.tags or {})
        for record in records
        if record.run_id == run_id and (event := record.asset_materialization)
    }
