"""A night is cut into runs of contiguous tenants, with the result of one run."""

from datetime import UTC, date, datetime

import pytest
from dagster import (
    DagsterInstance,
    DagsterRunStatus,
    RunRequest,
    build_schedule_context,
)

from loopctl_pipelines.costs.nights import NIGHT_PART_TAG, NIGHTLY, last_nightly_day
from loopctl_pipelines.costs.schedules import build_daily_costs_schedule
from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.orchestration.heartbeats.dead_runs import DIED_TAG
from loopctl_pipelines.partitions import partition_range, range_of_tags, range_tags
from loopctl_pipelines.setting_reader import StartDate
from loopctl_pipelines.settings import Settings
from loopctl_pipelines_tests.dagster_internals import create_run_for_test
from loopctl_pipelines_tests.dagster_project import dagster_project
from loopctl_pipelines_tests.usage import Usage

DAY = date(2026, 4, 3)
AT_TWO = datetime(2026, 4, 4, 2, tzinfo=UTC)
SLUGS = ("a", "b", "c", "d", "e")
SETTINGS = Settings(start_date=StartDate(DAY), trailing_days=0, runs_per_night=3)


def _requests(
    instance: DagsterInstance, database: Database, settings: Settings
) -> list[RunRequest]:
    context = build_schedule_context(
        instance, scheduled_execution_time=AT_TWO, resources={"database": database}
    )
    requests = build_daily_costs_schedule(settings)(context)
    assert isinstance(requests, list)
    return requests


def _tenants_of(request: RunRequest) -> tuple[str, str]:
    covered = range_of_tags(request.tags)
    assert covered
    return covered.start.partition("|")[2], covered.end.partition("|")[2]


def test_the_runs_of_a_night_cover_each_tenant_once_and_a_large_one_is_alone(
    database: Database, instance: DagsterInstance
) -> None:
    usage = Usage()
    for slug in SLUGS:
        usage.tenant(slug)
    for _ in range(5_001):
        usage.report("b", DAY, 1)
    usage.write(database)
    dagster_project(database, instance, SETTINGS)
    requests = _requests(instance, database, SETTINGS)
    assert [_tenants_of(request) for request in requests] == [("a", "a"), ("b", "b"), ("c", "e")]
    assert [request.tags[NIGHT_PART_TAG] for request in requests] == ["1/3", "2/3", "3/3"]
    assert len({request.run_key for request in requests}) == 3


def test_there_are_never_more_runs_than_tenants(
    database: Database, instance: DagsterInstance
) -> None:
    usage = Usage()
    usage.report("a", DAY, 1)
    usage.report("b", DAY, 1)
    usage.write(database)
    many = Settings(start_date=StartDate(DAY), trailing_days=0, runs_per_night=100)
    dagster_project(database, instance, many)
    assert len(_requests(instance, database, many)) == 2


def test_the_runs_of_a_night_land_what_one_run_lands_and_a_failing_tenant_fails_its_own_run(
    database: Database, instance: DagsterInstance
) -> None:
    usage = Usage()
    for slug in SLUGS:
        usage.report(slug, DAY, 1_000)
    for _ in range(2):
        usage.report("e", DAY, 2**63 - 1)
    usage.write(database)
    project = dagster_project(database, instance, SETTINGS)
    requests = _requests(instance, database, SETTINGS)
    runs = [
        project.run((DAY, DAY), _tenants_of(request), tags=request.tags) for request in requests
    ]
    assert [run.success for run in runs] == [True, True, False]
    landed = [pair for run in runs for pair in project.materialized(run.run_id)]
    summaries = [f"2026-04-03|{slug}" for slug in SLUGS if slug != "e"]
    assert sorted(landed) == sorted(summaries)


def _ended_part(instance: DagsterInstance, day: date, part: str, status: DagsterRunStatus) -> str:
    tags = {
        **range_tags(partition_range((day, day), ("a", "a"))),
        "dagster/schedule_name": NIGHTLY,
        NIGHT_PART_TAG: part,
    }
    run_id: str = create_run_for_test(
        instance, job_name="daily_costs", status=status, tags=tags
    ).run_id
    return run_id


@pytest.mark.parametrize(
    ("last", "expected"),
    [
        (DagsterRunStatus.SUCCESS, date(2026, 4, 2)),
        (DagsterRunStatus.FAILURE, date(2026, 4, 2)),
        (DagsterRunStatus.STARTED, date(2026, 4, 1)),
    ],
)
def test_a_night_has_ended_when_all_of_its_runs_have(
    instance: DagsterInstance, last: DagsterRunStatus, expected: date
) -> None:
    for part in ("1/2", "2/2"):
        _ended_part(instance, date(2026, 4, 1), part, DagsterRunStatus.SUCCESS)
    _ended_part(instance, date(2026, 4, 2), "1/2", DagsterRunStatus.SUCCESS)
    _ended_part(instance, date(2026, 4, 2), "2/2", last)
    assert last_nightly_day(instance) == expected


def test_a_killed_run_of_a_night_is_made_up_for_until_it_was_repeated(
    instance: DagsterInstance,
) -> None:
    for part in ("1/2", "2/2"):
        _ended_part(instance, date(2026, 4, 1), part, DagsterRunStatus.SUCCESS)
    _ended_part(instance, date(2026, 4, 2), "1/2", DagsterRunStatus.SUCCESS)
    killed = _ended_part(instance, date(2026, 4, 2), "2/2", DagsterRunStatus.FAILURE)
    instance.add_run_tags(killed, {DIED_TAG: killed})
    assert last_nightly_day(instance) == date(2026, 4, 1)
    _ended_part(instance, date(2026, 4, 2), "2/2", DagsterRunStatus.SUCCESS)
    assert last_nightly_day(instance) == date(2026, 4, 2)
