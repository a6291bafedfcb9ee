"""The nightly run: its day comes from the scheduled time, its tenants from the partition keys."""

from datetime import UTC, date, datetime

import pytest
from dagster import (
    DagsterInstance,
    DagsterRun,
    DagsterRunStatus,
    RunRequest,
    SkipReason,
    build_schedule_context,
)

from loopctl_pipelines.costs.nights import last_nightly_day, nightly_range
from loopctl_pipelines.costs.schedules import build_daily_costs_schedule
from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.orchestration.heartbeats.dead_runs import DIED_TAG
from loopctl_pipelines.partitions import partition_range, range_tags
from loopctl_pipelines.setting_reader import StartDate
from loopctl_pipelines.settings import Settings
from loopctl_pipelines_tests.dagster_internals import create_run_for_test
from loopctl_pipelines_tests.dagster_project import dagster_project
from loopctl_pipelines_tests.usage import Usage

SETTINGS = Settings(start_date=StartDate(date(2026, 1, 1)), trailing_days=2)
AT_TWO = datetime(2026, 4, 4, 2, tzinfo=UTC)


def _add_tenants(database: Database, instance: DagsterInstance, *slugs: str) -> None:
    """Add tenants, and their partition keys."""
    usage = Usage()
    for slug in slugs:
        usage.tenant(slug)
    usage.write(database)
    dagster_project(database, instance, SETTINGS)


def _evaluate(
    instance: DagsterInstance, database: Database, settings: Settings = SETTINGS
) -> list[RunRequest] | SkipReason:
    context = build_schedule_context(
        instance, scheduled_execution_time=AT_TWO, resources={"database": database}
    )
    result = build_daily_costs_schedule(settings)(context)
    assert isinstance(result, list | SkipReason)
    return result


def test_a_night_covers_the_day_before_and_the_trailing_days_of_all_active_tenants() -> None:
    nightly = nightly_range(SETTINGS, AT_TWO, ["a", "b", "c"])
    assert nightly
    assert (nightly.start, nightly.end) == ("2026-04-01|a", "2026-04-03|c")


def test_without_trailing_days_it_is_the_day_before_alone() -> None:
    nightly = nightly_range(Settings(trailing_days=0), AT_TWO, ["a"])
    assert nightly
    assert (nightly.start, nightly.end) == ("2026-04-03|a", "2026-04-03|a")


def test_trailing_days_before_the_start_date_are_not_requested() -> None:
    settings = Settings(start_date=StartDate(date(2026, 4, 3)), trailing_days=2)
    nightly = nightly_range(settings, AT_TWO, ["a"])
    assert nightly
    assert nightly.start == "2026-04-03|a"


def test_the_day_before_the_start_date_is_no_run() -> None:
    settings = Settings(start_date=StartDate(date(2026, 4, 4)))
    assert nightly_range(settings, AT_TWO, ["a"]) is None


def test_a_late_evaluation_requests_the_day_it_was_scheduled_for(
    database: Database, instance: DagsterInstance
) -> None:
    _add_tenants(database, instance, "a", "z")
    requests = _evaluate(instance, database)
    assert isinstance(requests, list)
    [request] = requests
    assert request.run_key == "2026-04-04"
    assert request.tags["dagster/asset_partition_range_start"] == "2026-04-01|a"
    assert request.tags["dagster/asset_partition_range_end"] == "2026-04-03|z"


def test_a_night_without_active_tenants_is_skipped_and_says_so(
    database: Database, instance: DagsterInstance
) -> None:
    _add_tenants(database, instance, "a")
    with database.operator_transaction() as connection:
        connection.execute("UPDATE tenants SET status = 'suspended'")
    assert isinstance(_evaluate(instance, database), SkipReason)


def test_the_schedule_runs_at_two_utc_without_being_switched_on() -> None:
    schedule = build_daily_costs_schedule(SETTINGS)
    assert (schedule.cron_schedule, schedule.execution_timezone) == ("0 2 * * *", "UTC")
    assert schedule.default_status.value == "RUNNING"


def _ended_nightly_run(
    instance: DagsterInstance, last: date, status: DagsterRunStatus
) -> DagsterRun:
    covered = partition_range((last, last), ("a", "a"))
    tags = {**range_tags(covered), "dagster/schedule_name": "daily_costs_schedule"}
    run: DagsterRun = create_run_for_test(
        instance, job_name="daily_costs", status=status, tags=tags
    )
    return run


@pytest.mark.parametrize("status", [DagsterRunStatus.SUCCESS, DagsterRunStatus.FAILURE])
def test_after_five_nights_without_a_daemon_all_their_days_are_computed(
    database: Database, instance: DagsterInstance, status: DagsterRunStatus
) -> None:
    _add_tenants(database, instance, "a")
    _ended_nightly_run(instance, date(2026, 3, 20), DagsterRunStatus.SUCCESS)
    _ended_nightly_run(instance, date(2026, 3, 28), status)
    requests = _evaluate(instance, database)
    assert isinstance(requests, list)
    [request] = requests
    assert request.tags["dagster/asset_partition_range_start"] == "2026-03-29|a"
    assert request.tags["dagster/asset_partition_range_end"] == "2026-04-03|a"
    assert request.tags["loopctl/missed_nights"] == "5"


@pytest.mark.parametrize(
    "status", [DagsterRunStatus.STARTED, DagsterRunStatus.NOT_STARTED, DagsterRunStatus.CANCELED]
)
def test_a_nightly_run_that_has_not_ended_its_work_makes_up_for_nothing(
    instance: DagsterInstance, status: DagsterRunStatus
) -> None:
    _ended_nightly_run(instance, date(2026, 4, 1), DagsterRunStatus.SUCCESS)
    _ended_nightly_run(instance, date(2026, 4, 2), status)
    assert last_nightly_day(instance) == date(2026, 4, 1)


def test_a_nightly_run_that_was_killed_is_made_up_for(instance: DagsterInstance) -> None:
    _ended_nightly_run(instance, date(2026, 4, 1), DagsterRunStatus.FAILURE)
    killed = _ended_nightly_run(instance, date(2026, 4, 2), DagsterRunStatus.FAILURE)
    instance.add_run_tags(killed.run_id, {DIED_TAG: killed.run_id})
    assert last_nightly_day(instance) == date(2026, 4, 1)
    # the automatic retry has the tags of the run that it repeats
    again = _ended_nightly_run(instance, date(2026, 4, 2), DagsterRunStatus.SUCCESS)
    instance.add_run_tags(again.run_id, {DIED_TAG: killed.run_id})
    assert last_nightly_day(instance) == date(2026, 4, 2)


def test_a_nightly_run_is_retried_when_it_is_killed_and_not_when_a_tenant_fails(
    database: Database, instance: DagsterInstance
) -> None:
    usage = Usage()
    for _ in range(2):
        usage.report("a", date(2026, 4, 3), 2**63 - 1)
    usage.write(database)
    project = dagster_project(database, instance, SETTINGS)
    requests = _evaluate(instance, database)
    assert isinstance(requests, list)
    [request] = requests
    killed = create_run_for_test(instance, job_name="daily_costs", tags=request.tags)
    instance.report_run_failed(killed, "Its process is gone.")
    failed = project.run((date(2026, 4, 1), date(2026, 4, 3)), ("a", "a"), tags=request.tags)
    retried = [
        run.tags["dagster/will_retry"]
        for run_id in (killed.run_id, failed.run_id)
        if (run := instance.get_run_by_id(run_id))
    ]
    assert retried == ["true", "false"]


def test_a_night_after_the_one_before_covers_the_trailing_days_and_says_nothing(
    database: Database, instance: DagsterInstance
) -> None:
    _add_tenants(database, instance, "a")
    _ended_nightly_run(instance, date(2026, 4, 2), DagsterRunStatus.SUCCESS)
    requests = _evaluate(instance, database)
    assert isinstance(requests, list)
    [request] = requests
    assert request.tags["dagster/asset_partition_range_start"] == "2026-04-01|a"
    assert "loopctl/missed_nights" not in request.tags


def test_a_run_makes_up_for_31_nights_at_most_and_none_before_the_start_date() -> None:
    long_ago = nightly_range(SETTINGS, AT_TWO, ["a"], date(2025, 1, 1))
    assert long_ago
    assert long_ago.start == "2026-03-03|a"
    settings = Settings(start_date=StartDate(date(2026, 3, 30)))
    limited = nightly_range(settings, AT_TWO, ["a"], date(2025, 1, 1))
    assert limited
    assert limited.start == "2026-03-30|a"


def test_a_backfill_of_later_days_is_not_taken_for_a_nightly_run(
    instance: DagsterInstance,
) -> None:
    covered = partition_range((date(2026, 4, 2), date(2026, 4, 2)), ("a", "a"))
    done = DagsterRunStatus.SUCCESS
    create_run_for_test(instance, job_name="daily_costs", status=done, tags=range_tags(covered))
    assert last_nightly_day(instance) is None
