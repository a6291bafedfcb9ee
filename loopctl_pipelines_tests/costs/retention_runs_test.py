"""Runs of `weekly_retention` as Dagster records them."""

from datetime import UTC, datetime, timedelta

import pytest
from dagster import (
    AssetKey,
    DagsterEventType,
    DagsterInstance,
    ExecuteInProcessResult,
    TableMetadataValue,
)

from loopctl_pipelines.costs.jobs import WEEKLY_RETENTION
from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.setting_reader import StartDate
from loopctl_pipelines.settings import Settings
from loopctl_pipelines_tests.costs.retention.retained import archived_before, keep, live
from loopctl_pipelines_tests.costs.runs import roll_up_all, stored_summaries, unit
from loopctl_pipelines_tests.dagster_project import (
    ANOMALIES,
    SUMMARIES,
    DagsterProject,
    dagster_project,
)
from loopctl_pipelines_tests.usage import Usage, id_of

TODAY = datetime.now(UTC).date()
OLD = TODAY - timedelta(days=100)
RETENTION = AssetKey("token_data_retention")


@pytest.fixture
def project(database: Database, instance: DagsterInstance) -> DagsterProject:
    """Give tenants `a` and `b`, which keep 90 days, with a report that is older."""
    usage = Usage()
    usage.tenant("idle", "suspended")
    for slug in ("a", "b", "idle"):
        usage.report(slug, OLD, 1000)
    usage.write(database)
    for slug in ("a", "b", "idle"):
        keep(database, 90, slug)
    return dagster_project(database, instance, Settings(start_date=StartDate(OLD)))


def _run(project: DagsterProject, *slugs: str) -> ExecuteInProcessResult:
    return project.definitions.resolve_job_def(WEEKLY_RETENTION).execute_in_process(
        instance=project.instance,
        run_config={
            "loggers": {"console": {"config": {"log_level": "CRITICAL"}}},
            "ops": {"token_data_retention": {"config": {"tenants": list(slugs)}}},
        },
        raise_on_error=False,
    )


def _shown(project: DagsterProject, run: ExecuteInProcessResult) -> dict[str, object]:
    kind = DagsterEventType.ASSET_MATERIALIZATION
    (entry,) = project.instance.all_logs(run.run_id, of_type=kind)
    materialized = entry.get_dagster_event().materialization
    return {
        name: sorted(str(record.data["tenant"]) for record in value.records)
        if isinstance(value, TableMetadataValue)
        else value.value
        for name, value in materialized.metadata.items()
    }


def test_a_run_does_all_active_tenants_and_says_what_it_did(project: DagsterProject) -> None:
    shown = _shown(project, _run(project))
    assert shown == {
        "tenants": 2,
        "reports archived": 2,
        "reports deleted": 0,
        "anomalies archived": 0,
        "late reports": 0,
        "errors": 0,
        "by tenant": ["a", "b"],
    }
    assert archived_before(project.database, "idle") is None


def test_a_run_warns_of_reports_that_came_for_archived_days(project: DagsterProject) -> None:
    assert _run(project).success
    with project.database.operator_transaction() as connection:
        connection.execute(
            "UPDATE token_usage_reports SET deleted_at = NULL WHERE tenant_id = %s", [id_of("b")]
        )
    run = _run(project)
    assert _shown(project, run)["late reports"] == 1
    warned = [e.user_message for e in project.instance.all_logs(run.run_id) if e.level == 30]
    assert [text.partition(" of the")[0] for text in warned] == ["Tenant 'b': 1"]


def test_a_run_can_be_for_some_tenants(project: DagsterProject) -> None:
    assert _shown(project, _run(project, "b"))["tenants"] == 1
    assert archived_before(project.database, "a") is None
    assert archived_before(project.database, "b") == TODAY - timedelta(days=90)


def test_one_tenants_failure_is_its_own_and_fails_the_run_by_name(project: DagsterProject) -> None:
    keep(project.database, 7, "a")
    run = _run(project)
    assert not run.success
    (message,) = project.failures(run.run_id)
    assert "Nothing of tenant 'a' was archived" in message
    assert "'b'" not in message
    kind = DagsterEventType.STEP_FAILURE
    (entry,) = project.instance.all_logs(run.run_id, of_type=kind)
    failed = entry.get_dagster_event().step_failure_data.user_failure_data
    assert failed
    assert failed.metadata["reports archived"].value == 1
    assert failed.metadata["errors"].value == 1
    assert len(live(project.database)) == 2


def test_an_unfit_database_fails_the_run_with_one_sentence(project: DagsterProject) -> None:
    with project.database.operator_transaction() as connection:
        connection.execute("REVOKE DELETE ON token_usage_reports FROM loopctl_app")
    (message,) = project.failures(_run(project).run_id)
    assert "lacks DELETE on token_usage_reports" in message


def test_a_database_without_tenants_has_nothing_to_retain(
    database: Database, instance: DagsterInstance
) -> None:
    empty = dagster_project(database, instance, Settings(start_date=StartDate(OLD)))
    assert _shown(empty, _run(empty))["tenants"] == 0


def test_archival_hides_cost_a_backfill_of_an_archived_day_leaves_it_and_says_so(
    project: DagsterProject,
) -> None:
    assert _run(project).success
    before = stored_summaries(project.database)
    assert before
    assert project.run((OLD, OLD), ("a", "b")).success
    assert stored_summaries(project.database) == before
    for asset in (SUMMARIES, ANOMALIES):
        assert project.metadata(asset, f"{OLD}|a").keys() == {"archived"}


def test_an_archived_day_that_loopctl_marks_as_stale_is_so_until_the_next_run_over_it(
    project: DagsterProject,
) -> None:
    assert _run(project).success
    with project.database.operator_transaction() as connection:
        connection.execute("UPDATE cost_summaries SET stale = true")
    roll_up_all(project.database, [unit("a", OLD)])
    stale = {key[0] for key, row in stored_summaries(project.database).items() if row.stale}
    assert stale == {id_of("b")}


def test_it_runs_on_sundays_at_three(project: DagsterProject) -> None:
    schedule = project.definitions.resolve_schedule_def("weekly_retention_schedule")
    assert (schedule.cron_schedule, schedule.execution_timezone) == ("0 3 * * 0", "UTC")
