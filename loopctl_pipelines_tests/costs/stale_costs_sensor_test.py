"""Days that loopctl has marked as stale are recomputed once, with their anomalies."""

from contextlib import closing
from datetime import UTC, date, datetime, timedelta

import pytest
from dagster import (
    DagsterInstance,
    DagsterRunStatus,
    RunRequest,
    SensorResult,
    build_sensor_context,
)

from loopctl_pipelines.costs.jobs import DAILY_COSTS
from loopctl_pipelines.costs.sensors import build_stale_costs_sensor
from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.database.errors import RoleUnfitError
from loopctl_pipelines.orchestration.heartbeats.dead_runs import DIED_TAG
from loopctl_pipelines.partitions import day_and_slug
from loopctl_pipelines.setting_reader import StartDate
from loopctl_pipelines.settings import Settings
from loopctl_pipelines_tests.costs.runs import (
    all_anomalies,
    physical_rows,
    stored_summaries,
)
from loopctl_pipelines_tests.costs.summaries import oracle
from loopctl_pipelines_tests.dagster_project import (
    ANOMALIES,
    SUMMARIES,
    DagsterProject,
    dagster_project,
)
from loopctl_pipelines_tests.usage import Usage, at, id_of

TODAY = datetime.now(UTC).date()
LAST = TODAY - timedelta(days=1)
FIRST = TODAY - timedelta(days=90)
SETTINGS = Settings(start_date=StartDate(FIRST))
SLUGS = ("a", "b", "c")
BIGINT_MAX = 2**63 - 1


def _day(n: int) -> date:
    return FIRST + timedelta(days=n)


CORRECTED = (("a", _day(3)), ("b", _day(41)), ("c", _day(88)))


@pytest.fixture
def usage() -> Usage:
    """Three tenants with four stories on each of 90 days; one of them is an anomaly."""
    usage = Usage()
    for slug in SLUGS:
        for n in range(90):
            for story, cost in enumerate((1300, 100, 100, 100)):
                usage.report(slug, _day(n), cost, story=f"s{n}-{story}")
    return usage


@pytest.fixture
def project(database: Database, instance: DagsterInstance, usage: Usage) -> DagsterProject:
    usage.write(database)
    project = dagster_project(database, instance, SETTINGS)
    project.run((FIRST, LAST), ("a", "c"))
    return project


def _evaluate(project: DagsterProject) -> list[RunRequest]:
    context = build_sensor_context(project.instance, resources={"database": project.database})
    result = build_stale_costs_sensor(SETTINGS)(context)
    assert isinstance(result, SensorResult)
    assert bool(result.run_requests) != bool(result.skip_reason)
    return list(result.run_requests or ())


def _ends(request: RunRequest) -> tuple[str, str]:
    tags = request.tags
    return (
        tags["dagster/asset_partition_range_start"],
        tags["dagster/asset_partition_range_end"],
    )


def _run(project: DagsterProject, requests: list[RunRequest]) -> set[str]:
    """Run the requested runs like the daemon; return the summaries that landed."""
    landed = set()
    for request in requests:
        (first, first_slug), (last, last_slug) = map(day_and_slug, _ends(request))
        sensor = {"dagster/sensor_name": "stale_costs_sensor"}
        ended = project.run((first, last), (first_slug, last_slug), tags=sensor)
        landed |= project.materialized(ended.run_id)
    return landed


def _mark(database: Database, slug: str, day: date | None = None) -> None:
    """Mark a tenant's summaries of a day, or of all days, as loopctl does."""
    with database.tenant_transaction(id_of(slug)) as connection:
        connection.execute(
            "UPDATE cost_summaries SET stale = true WHERE %(day)s::date IS NULL"
            " OR period_start = %(day)s",
            {"day": day},
        )


def _correct(database: Database, usage: Usage, slug: str, day: date) -> None:
    """Correct the costliest story of a day down to the cost of the others, on the same day."""
    wanted = id_of(slug, "story", "e", f"s{(day - FIRST).days}-0")
    (original,) = [r for r in usage.reports if r.story_id == wanted]
    usage.report(slug, at(day, 23), -1200, story=f"s{(day - FIRST).days}-0", corrects=original.id)
    usage.write(database)


def _touched(before: set[tuple[object, ...]], after: set[tuple[object, ...]]) -> set[object]:
    return {row[0] for row in after - before}


def test_three_corrections_over_90_days_rewrite_three_tenant_days_and_their_anomalies(
    project: DagsterProject, database: Database, usage: Usage
) -> None:
    for slug, day in CORRECTED:
        _correct(database, usage, slug, day)
        _mark(database, slug, day)
    before = stored_summaries(database)
    rows = physical_rows(database)
    requests = _evaluate(project)
    assert {_ends(request) for request in requests} == {
        (f"{day}|{slug}", f"{day}|{slug}") for slug, day in CORRECTED
    }
    assert _run(project, requests) == {f"{day}|{slug}" for slug, day in CORRECTED}
    after = stored_summaries(database)
    assert after == oracle.summaries(usage.reports, usage.epic_of(), {_day(n) for n in range(90)})
    changed = {(key[0], key[3]) for key in after if after[key] != before[key]}
    assert changed == {(id_of(slug), day) for slug, day in CORRECTED}
    assert len(_touched(rows, physical_rows(database))) == 3 * 3 + 3  # scopes and anomalies
    resolved = {
        (key[0], row.figures.period)
        for key, many in all_anomalies(database).items()
        for row in many
        if row.ended
    }
    assert resolved == changed
    assert _evaluate(project) == []


def test_where_loopctl_marks_every_day_only_those_that_changed_are_rewritten(
    project: DagsterProject, database: Database, usage: Usage
) -> None:
    before = stored_summaries(database)
    for slug, day in CORRECTED:
        _correct(database, usage, slug, day)
        _mark(database, slug)
    requests = _evaluate(project)
    assert [_ends(request) for request in requests] == [(f"{FIRST}|a", f"{LAST}|c")]
    (run,) = requests
    assert len(_run(project, [run])) == 270
    for n in range(90):
        for slug in SLUGS:
            shown = project.metadata(SUMMARIES, f"{_day(n)}|{slug}")
            assert shown["rows written"] == (3 if (slug, _day(n)) in CORRECTED else 0)
            found = project.metadata(ANOMALIES, f"{_day(n)}|{slug}")
            assert found["resolved"] == (1 if (slug, _day(n)) in CORRECTED else 0)
    after = stored_summaries(database)
    assert not any(row.stale for row in after.values())
    assert len([key for key in after if after[key] != before[key]]) == 9


@pytest.fixture
def small(database: Database, instance: DagsterInstance) -> tuple[DagsterProject, Usage]:
    """Give tenants `a` and `b` with a report on each of three days, rolled up."""
    usage = Usage()
    for slug in ("a", "b"):
        for n in range(3):
            usage.report(slug, _day(n), 1000)
    usage.write(database)
    project = dagster_project(database, instance, SETTINGS)
    project.run((_day(0), _day(2)), ("a", "b"))
    return project, usage


def test_a_day_that_is_marked_again_after_it_was_recomputed_is_recomputed_again(
    small: tuple[DagsterProject, Usage], database: Database
) -> None:
    project, _ = small
    for _ in range(2):
        _mark(database, "b", _day(1))
        requests = _evaluate(project)
        assert [_ends(request) for request in requests] == [(f"{_day(1)}|b", f"{_day(1)}|b")]
        assert requests[0].run_key is None
        _run(project, requests)
        assert _evaluate(project) == []


@pytest.mark.parametrize(
    "status", [DagsterRunStatus.NOT_STARTED, DagsterRunStatus.STARTING, DagsterRunStatus.STARTED]
)
def test_a_day_that_a_run_in_flight_is_over_is_not_requested_twice(
    small: tuple[DagsterProject, Usage],
    database: Database,
    instance: DagsterInstance,
    status: DagsterRunStatus,
) -> None:
    project, _ = small
    _mark(database, "a", _day(0))
    _mark(database, "b", _day(1))
    (first, second) = _evaluate(project)
    run = instance.create_run_for_job(project.job, tags=first.tags, status=status)
    assert [_ends(request) for request in _evaluate(project)] == [_ends(second)]
    instance.report_run_canceled(run)
    assert len(_evaluate(project)) == 2


def test_a_day_that_a_person_materializes_in_the_ui_is_not_requested_either(
    small: tuple[DagsterProject, Usage], database: Database, instance: DagsterInstance
) -> None:
    project, _ = small
    _mark(database, "a", _day(0))
    instance.create_run_for_job(
        project.definitions.resolve_implicit_global_asset_job_def(),
        asset_selection=frozenset({SUMMARIES}),
        tags={"dagster/partition": f"{_day(0)}|a"},
        status=DagsterRunStatus.STARTED,
    )
    assert _evaluate(project) == []


def test_a_run_that_cannot_recompute_a_day_is_not_repeated_at_once_and_holds_up_no_other(
    small: tuple[DagsterProject, Usage], database: Database
) -> None:
    project, usage = small
    for _ in range(2):
        usage.report("a", _day(1), BIGINT_MAX)
    usage.write(database)
    _mark(database, "a")
    _run(project, _evaluate(project))
    assert _evaluate(project) == []
    _mark(database, "a", _day(0))
    _mark(database, "b", _day(1))
    assert {_ends(request) for request in _evaluate(project)} == {
        (f"{_day(0)}|a", f"{_day(0)}|a"),
        (f"{_day(1)}|b", f"{_day(1)}|b"),
    }


def test_days_of_a_run_that_was_killed_are_requested_at_once_but_not_the_third_time(
    small: tuple[DagsterProject, Usage], database: Database, instance: DagsterInstance
) -> None:
    project, _ = small
    _mark(database, "a", _day(0))
    for _ in range(3):
        (request,) = _evaluate(project)
        tags = {**request.tags, "dagster/sensor_name": "stale_costs_sensor"}
        run = instance.create_run_for_job(project.job, tags=tags, status=DagsterRunStatus.STARTED)
        assert _evaluate(project) == []
        instance.add_run_tags(run.run_id, {DIED_TAG: run.run_id})
        instance.report_run_failed(run)
    # three processes that worked on them have died: it may be they that kill them
    assert _evaluate(project) == []


def test_a_scope_whose_reports_are_all_gone_is_deleted(
    small: tuple[DagsterProject, Usage], database: Database
) -> None:
    project, _ = small
    with database.tenant_transaction(id_of("a")) as connection:
        connection.execute("UPDATE token_usage_reports SET deleted_at = now()")
    _mark(database, "a")
    _run(project, _evaluate(project))
    assert {key[0] for key in stored_summaries(database)} == {id_of("b")}


def test_days_before_the_start_date_and_tenants_that_are_not_active_are_left_alone(
    small: tuple[DagsterProject, Usage], database: Database
) -> None:
    project, _ = small
    for slug in ("a", "b"):
        _mark(database, slug)
    with database.operator_transaction() as connection:
        connection.execute("UPDATE tenants SET status = 'suspended' WHERE slug = 'b'")
        connection.execute(
            "UPDATE cost_summaries SET period_start = period_start - 1 WHERE period_start = %s",
            [FIRST],
        )
    assert [_ends(request) for request in _evaluate(project)] == [(f"{_day(1)}|a", f"{_day(2)}|a")]


def test_a_login_that_would_see_no_summary_is_named_instead_of_finding_nothing_stale(
    small: tuple[DagsterProject, Usage], bound_url: str, database: Database
) -> None:
    project, _ = small
    _mark(database, "a")
    with closing(Database(bound_url, database.role)) as bound:
        bound_project = dagster_project(bound, project.instance, SETTINGS)
        with pytest.raises(RoleUnfitError, match="bound by row-level security on cost_summaries"):
            _evaluate(bound_project)


def test_the_sensor_runs_without_being_switched_on() -> None:
    sensor = build_stale_costs_sensor(SETTINGS)
    assert (sensor.default_status.value, sensor.minimum_interval_seconds) == ("RUNNING", 60)
    assert sensor.job_name == DAILY_COSTS
