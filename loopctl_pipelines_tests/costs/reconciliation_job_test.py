"""The weekly reconciliation repairs what nothing has marked, and records that and nothing else."""

from datetime import UTC, datetime, timedelta

import pytest
from dagster import AssetCheckKey, AssetKey, DagsterInstance, ExecuteInProcessResult

from loopctl_pipelines.costs.jobs import WEEKLY_RECONCILIATION
from loopctl_pipelines.costs.schedules import weekly_reconciliation_schedule
from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.orchestration.dagster_internals import AssetCheckExecutionRecordStatus
from loopctl_pipelines.orchestration.event_storage import BatchingEventLogStorage
from loopctl_pipelines.setting_reader import StartDate
from loopctl_pipelines.settings import Settings
from loopctl_pipelines_tests.costs.runs import (
    physical_rows,
    roll_up_all,
    stored_anomalies,
    stored_summaries,
    unit,
)
from loopctl_pipelines_tests.costs.summaries import oracle
from loopctl_pipelines_tests.dagster_project import (
    ANOMALIES,
    SUMMARIES,
    DagsterProject,
    dagster_project,
)
from loopctl_pipelines_tests.usage import Usage, id_of

TODAY = datetime.now(UTC).date()
FIRST = TODAY - timedelta(days=70)
LAST = TODAY - timedelta(days=1)
CHANGED = TODAY - timedelta(days=40)
SETTINGS = Settings(start_date=StartDate(FIRST))
QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
BIGINT_MAX = 2**63 - 1
OTHERWISE_WRITTEN = """
CREATE FUNCTION write_otherwise() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.total_cost_millicents := NEW.total_cost_millicents + 1;
    RETURN NEW;
END $$;
CREATE TRIGGER otherwise BEFORE INSERT OR UPDATE ON cost_summaries
FOR EACH ROW EXECUTE FUNCTION write_otherwise();
"""


@pytest.fixture
def usage(database: Database) -> Usage:
    """Two tenants with five stories on three days of the window, rolled up."""
    usage = Usage()
    for slug in ("a", "b"):
        for day in (FIRST, CHANGED, LAST):
            for n in range(5):
                usage.report(slug, day, 250, story=f"s{n}")
    usage.write(database)
    roll_up_all(database, [unit(slug, FIRST, LAST) for slug in ("a", "b")])
    return usage


@pytest.fixture
def project(database: Database, instance: DagsterInstance, usage: Usage) -> DagsterProject:
    assert usage.reports
    return dagster_project(database, instance, SETTINGS)


def _run(project: DagsterProject) -> ExecuteInProcessResult:
    job = project.definitions.resolve_job_def(WEEKLY_RECONCILIATION)
    return job.execute_in_process(instance=project.instance, run_config=QUIET, raise_on_error=False)


def test_where_nothing_has_changed_nothing_is_written_or_recorded(
    project: DagsterProject, database: Database
) -> None:
    before = physical_rows(database)
    ended = _run(project)
    assert ended.success
    assert physical_rows(database) == before
    assert project.materialized(ended.run_id) == set()


def test_where_nothing_has_changed_no_partition_is_queried(
    project: DagsterProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    queried: list[AssetKey] = []

    def asking(_: BatchingEventLogStorage, asset: AssetKey, *_more: object) -> dict[str, int]:
        queried.append(asset)
        return {}

    monkeypatch.setattr(BatchingEventLogStorage, "get_latest_storage_id_by_partition", asking)
    assert _run(project).success
    assert queried == []


def test_a_late_report_is_found_and_its_day_and_anomaly_are_repaired(
    project: DagsterProject, database: Database, usage: Usage
) -> None:
    usage.report("b", CHANGED, 8750, story="s0")
    usage.write(database)
    ended = _run(project)
    assert project.materialized(ended.run_id, SUMMARIES) == {f"{CHANGED}|b"}
    assert project.materialized(ended.run_id, ANOMALIES) == {f"{CHANGED}|b"}
    days = {FIRST, CHANGED, LAST}
    assert stored_summaries(database) == oracle.summaries(usage.reports, usage.epic_of(), days)
    assert set(stored_anomalies(database)) == {
        (id_of("b"), id_of("b", "story", "e", "s0"), "high_cost")
    }


def test_a_story_that_moved_and_a_row_that_was_edited_are_repaired(
    project: DagsterProject, database: Database, usage: Usage
) -> None:
    right = stored_summaries(database)
    usage.story("a", "t", "f")
    usage.write(database)
    with database.operator_transaction() as connection:
        connection.execute(
            "UPDATE stories SET epic_id = %s WHERE id = %s",
            [id_of("a", "epic", "f"), id_of("a", "story", "e", "s0")],
        )
        connection.execute(
            "UPDATE cost_summaries SET total_cost_millicents = 1 WHERE tenant_id = %s"
            " AND period_start = %s",
            [id_of("b"), LAST],
        )
    ended = _run(project)
    moved = {f"{day}|a" for day in (FIRST, CHANGED, LAST)}
    assert project.materialized(ended.run_id) == {*moved, f"{LAST}|b"}
    of_b = {key: row for key, row in stored_summaries(database).items() if key[0] == id_of("b")}
    assert of_b == {key: row for key, row in right.items() if key[0] == id_of("b")}


def test_a_tenant_that_fails_is_named_and_the_others_are_repaired(
    project: DagsterProject, database: Database, usage: Usage
) -> None:
    for _ in range(2):
        usage.report("a", CHANGED, BIGINT_MAX)
    usage.report("b", CHANGED, 1)
    usage.write(database)
    ended = _run(project)
    assert not ended.success
    (message,) = project.failures(ended.run_id)
    assert message.startswith(f"Rollup of tenant 'a' for {CHANGED} failed")
    assert project.materialized(ended.run_id) == {f"{CHANGED}|b"}


def test_what_was_repaired_is_checked_as_the_materialization_that_it_is(
    project: DagsterProject, database: Database, usage: Usage, instance: DagsterInstance
) -> None:
    usage.report("b", CHANGED, 8750, story="s0")
    usage.write(database)
    _run(project)
    checks = [
        AssetCheckKey(SUMMARIES, "summaries_match_reports"),
        AssetCheckKey(ANOMALIES, "anomalies_match_rule"),
    ]
    shown = instance.event_log_storage.get_asset_check_partition_info(checks)
    assert {(info.check_key, info.partition_key) for info in shown} == {
        (check, f"{CHANGED}|b") for check in checks
    }
    assert all(info.is_current for info in shown)
    assert {info.latest_execution_status for info in shown} == {
        AssetCheckExecutionRecordStatus.SUCCEEDED
    }


def test_a_day_that_was_not_right_and_could_not_be_repaired_wholly_fails_its_check(
    project: DagsterProject, database: Database, usage: Usage, instance: DagsterInstance
) -> None:
    usage.report("b", CHANGED, 8750, story="s0")
    usage.write(database)
    with database.operator_transaction() as connection:
        connection.execute(OTHERWISE_WRITTEN.encode())
    ended = _run(project)
    assert ended.success
    check = AssetCheckKey(SUMMARIES, "summaries_match_reports")
    [shown] = instance.event_log_storage.get_asset_check_partition_info([check])
    assert shown.latest_execution_status == AssetCheckExecutionRecordStatus.FAILED


def test_of_many_failures_ten_are_named_and_the_others_counted(
    project: DagsterProject, database: Database, usage: Usage
) -> None:
    for number in range(12):
        for _ in range(2):
            usage.report(f"bad-{number:02}", CHANGED, BIGINT_MAX)
    usage.write(database)
    (message,) = project.failures(_run(project).run_id)
    assert message.count("failed:") == 10
    assert message.endswith(" And 2 more, see the log.")


def test_a_tenant_that_is_not_active_is_left_as_it_is(
    project: DagsterProject, database: Database
) -> None:
    with database.operator_transaction() as connection:
        connection.execute("UPDATE tenants SET status = 'suspended' WHERE slug = 'b'")
        connection.execute("DELETE FROM token_usage_reports")
    ended = _run(project)
    assert {key.partition("|")[2] for key in project.materialized(ended.run_id)} == {"a"}
    assert {key[0] for key in stored_summaries(database)} == {id_of("b")}


def test_it_runs_on_sundays_after_the_retention_without_being_switched_on() -> None:
    schedule = weekly_reconciliation_schedule
    assert (schedule.cron_schedule, schedule.execution_timezone) == ("0 5 * * 0", "UTC")
    assert schedule.default_status.value == "RUNNING"
