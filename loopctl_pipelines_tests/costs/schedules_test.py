"""The nightly run: its day comes from the scheduled time, its tenants from the partition keys."""

from datetime import UTC, date, datetime

from dagster import DagsterInstance, RunRequest, SkipReason, build_schedule_context

from loopctl_pipelines.costs.schedules import build_daily_costs_schedule, nightly_range
from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.settings import Settings, StartDate
from loopctl_pipelines_tests.dagster_project import dagster_project
from loopctl_pipelines_tests.usage import Usage

SETTINGS = Settings(start_date=StartDate(date(2026, 1, 1)), trailing_days=2)
AT_TWO = datetime(2026, 4, 4, 2, tzinfo=UTC)


def _evaluate(instance: DagsterInstance, database: Database) -> RunRequest | SkipReason:
    context = build_schedule_context(
        instance, scheduled_execution_time=AT_TWO, resources={"database": database}
    )
    result = build_daily_costs_schedule(SETTINGS)(context)
    assert isinstance(result, RunRequest | SkipReason)
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
    usage = Usage()
    usage.tenant("a")
    usage.tenant("z")
    usage.write(database)
    dagster_project(database, instance, SETTINGS)
    request = _evaluate(instance, database)
    assert isinstance(request, RunRequest)
    assert request.run_key == "2026-04-04"
    assert request.tags["dagster/asset_partition_range_start"] == "2026-04-01|a"
    assert request.tags["dagster/asset_partition_range_end"] == "2026-04-03|z"


def test_a_night_without_active_tenants_is_skipped_and_says_so(
    database: Database, instance: DagsterInstance
) -> None:
    usage = Usage()
    usage.tenant("a")
    usage.write(database)
    dagster_project(database, instance, SETTINGS)
    with database.operator_transaction() as connection:
        connection.execute("UPDATE tenants SET status = 'suspended'")
    assert isinstance(_evaluate(instance, database), SkipReason)


def test_the_schedule_runs_at_two_utc_without_being_switched_on() -> None:
    schedule = build_daily_costs_schedule(SETTINGS)
    assert (schedule.cron_schedule, schedule.execution_timezone) == ("0 2 * * *", "UTC")
    assert schedule.default_status.value == "RUNNING"
