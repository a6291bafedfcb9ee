"""Backfills: in chunks, safe to repeat, and resumed after an interruption."""

from datetime import date, timedelta

import pytest
from dagster import DagsterInstance, RunsFilter

from loopctl_pipelines.costs import backfill as backfill_module
from loopctl_pipelines.costs.backfill import Backfill
from loopctl_pipelines.costs.failed_partitions import failed_partitions
from loopctl_pipelines.costs.planning.rectangles import Rectangle
from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.setting_reader import StartDate
from loopctl_pipelines.settings import Settings
from loopctl_pipelines_tests.dagster_project import (
    ANOMALIES,
    SUMMARIES,
    DagsterProject,
    dagster_project,
)
from loopctl_pipelines_tests.usage import Usage

FIRST = date(2026, 4, 1)
LAST = date(2026, 4, 4)
SLUGS = ("a", "b", "c")
WHOLE = Rectangle(FIRST, LAST, SLUGS)
BIGINT_MAX = 2**63 - 1


@pytest.fixture
def usage(database: Database) -> Usage:
    usage = Usage()
    for slug in SLUGS:
        for offset in range(4):
            usage.report(slug, FIRST + timedelta(days=offset), 100_000)
    usage.write(database)
    return usage


@pytest.fixture
def project(usage: Usage, database: Database, instance: DagsterInstance) -> DagsterProject:
    assert usage.reports
    return dagster_project(database, instance, Settings(start_date=StartDate(FIRST)))


@pytest.fixture
def two_days_a_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backfill_module, "PARTITIONS_PER_RUN", 6)


def _backfill(project: DagsterProject, *slugs: str) -> Backfill:
    return Backfill(project.instance, project.job, FIRST, LAST, slugs or SLUGS)


def _run_count(instance: DagsterInstance) -> int:
    return instance.get_runs_count(RunsFilter(job_name="daily_costs"))


def test_all_days_of_all_tenants_are_materialized(project: DagsterProject) -> None:
    ((chunk, run),) = list(_backfill(project).run())
    assert chunk.size == 12
    assert run.failure is None
    assert len(project.materialized(run.run_id, ANOMALIES)) == 12


def test_tenants_that_do_not_stand_side_by_side_are_runs_of_their_own(
    project: DagsterProject,
) -> None:
    runs = [run for _, run in _backfill(project, "a", "c").run()]
    landed = {key for run in runs for key in project.materialized(run.run_id)}
    assert {key[-1] for key in landed} == {"a", "c"}


@pytest.mark.usefixtures("two_days_a_run")
def test_an_interrupted_backfill_goes_on_where_it_was(project: DagsterProject) -> None:
    interrupted = _backfill(project).run()
    next(interrupted)
    interrupted.close()
    again = _backfill(project)
    assert [chunk.last for chunk in again.done_before()] == [date(2026, 4, 2)]
    assert [chunk.first for chunk, _ in again.run(again.done_before())] == [date(2026, 4, 3)]


@pytest.mark.usefixtures("two_days_a_run")
def test_a_backfill_that_came_to_its_end_is_done_anew_the_next_time(
    project: DagsterProject,
) -> None:
    assert len(list(_backfill(project).run())) == 2
    assert _backfill(project).done_before() == set()


@pytest.mark.usefixtures("two_days_a_run")
def test_one_tenants_failure_stops_nobody_and_the_others_get_their_anomalies(
    project: DagsterProject, usage: Usage, database: Database
) -> None:
    for _ in range(2):
        usage.report("b", FIRST, BIGINT_MAX)
    usage.write(database)
    (_, first), (_, second) = list(_backfill(project).run())
    assert first.failure
    assert "tenant 'b' for 2026-04-01" in first.failure
    assert second.failure is None
    for asset in (SUMMARIES, ANOMALIES):
        keys = project.instance.get_materialized_partitions(asset)
        assert len(keys) == 11
        assert "2026-04-01|b" not in keys


@pytest.mark.usefixtures("two_days_a_run")
def test_only_the_partitions_whose_last_attempt_failed_are_retried(
    project: DagsterProject, usage: Usage, database: Database
) -> None:
    reports = [usage.report("b", FIRST, BIGINT_MAX) for _ in range(2)]
    usage.write(database)
    list(_backfill(project).run())
    failed = failed_partitions(project.instance, project.job, WHOLE)
    assert failed == {(FIRST, "b")}
    with database.operator_transaction() as connection:
        connection.execute("DELETE FROM token_usage_reports WHERE id = ANY(%s)", [reports])
    tags = {"loopctl/command": "backfill-1"}
    retry = Backfill(project.instance, project.job, FIRST, LAST, SLUGS, tags, failed)
    ((chunk, run),) = list(retry.run(retry.done_before()))
    assert list(chunk.partitions()) == [(FIRST, "b")]
    assert run.failure is None
    assert failed_partitions(project.instance, project.job, WHOLE) == set()


def test_all_runs_of_a_backfill_share_a_tag(
    project: DagsterProject, usage: Usage, database: Database
) -> None:
    for _ in range(2):
        usage.report("b", FIRST, BIGINT_MAX)
    usage.write(database)
    tags = {"loopctl/command": "backfill-1"}
    backfill = Backfill(project.instance, project.job, FIRST, LAST, SLUGS, tags)
    [(_, run)] = list(backfill.run())
    tagged = project.instance.get_run_ids(RunsFilter(tags=tags))
    # what follows of the tenants that landed is done in further runs
    assert len(run.further_run_ids) > 1
    assert set(tagged) == {run.run_id, *run.further_run_ids}
    assert len(tagged) == _run_count(project.instance)
