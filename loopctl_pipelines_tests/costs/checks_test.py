"""The asset checks, as Dagster records them: by partition, with the run, each tenant its own."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date

import pytest
from dagster import (
    AssetCheckEvaluation,
    AssetCheckKey,
    DagsterEventType,
    DagsterInstance,
    FreshnessPolicy,
    TableMetadataValue,
)

from loopctl_pipelines.costs import assets
from loopctl_pipelines.costs.planning.tenant_days import TenantDays
from loopctl_pipelines.costs.summaries.summaries_match_reports import SummaryCheck, check_summaries
from loopctl_pipelines.costs.summaries_check import SUMMARIES_MATCH_REPORTS
from loopctl_pipelines.database.connection import Database, TenantConnection
from loopctl_pipelines.setting_reader import StartDate
from loopctl_pipelines.settings import Settings
from loopctl_pipelines_tests.dagster_project import (
    ANOMALIES,
    SUMMARIES,
    DagsterProject,
    dagster_project,
)
from loopctl_pipelines_tests.usage import Usage, id_of

DAY = date(2026, 4, 1)
NEXT = date(2026, 4, 2)
SETTINGS = Settings(start_date=StartDate(DAY))
BIGINT_MAX = 2**63 - 1
OF_SUMMARIES = AssetCheckKey(SUMMARIES, "summaries_match_reports")
OF_ANOMALIES = AssetCheckKey(ANOMALIES, "anomalies_match_rule")

# what comes in while the rollup of tenant `b` commits, after it has read the reports
LATE_REPORT = f"""
CREATE FUNCTION add_late_report() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO token_usage_reports (
        id, tenant_id, story_id, agent_id, project_id, input_tokens, output_tokens, model_name,
        cost_millicents, inserted_at, updated_at
    )
    SELECT '{id_of("late")}', tenant_id, story_id, agent_id, project_id, 0, 0, 'late`model', 77,
        inserted_at, updated_at
    FROM token_usage_reports
    WHERE tenant_id = NEW.tenant_id AND inserted_at::date = '{DAY}'
    LIMIT 1
    ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER late AFTER INSERT ON cost_summaries DEFERRABLE INITIALLY DEFERRED
FOR EACH ROW WHEN (NEW.tenant_id = '{id_of("b")}') EXECUTE FUNCTION add_late_report();
"""  # noqa: S608 - ids of this test
WRONG_FACTOR = f"""
CREATE FUNCTION change_factor() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE cost_anomalies SET deviation_factor = 99 WHERE id = NEW.id;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER wrong AFTER INSERT ON cost_anomalies DEFERRABLE INITIALLY DEFERRED
FOR EACH ROW WHEN (NEW.tenant_id = '{id_of("b")}') EXECUTE FUNCTION change_factor();
"""  # noqa: S608 - ids of this test


@pytest.fixture
def usage() -> Usage:
    """Three tenants with five stories on two days, one of them an anomaly."""
    usage = Usage()
    for slug in ("a", "b", "c"):
        for day in (DAY, NEXT):
            for n, cost in enumerate((9000, 250, 250, 250, 250)):
                usage.report(slug, day, cost, story=f"s{n}")
    return usage


@pytest.fixture
def project(database: Database, instance: DagsterInstance, usage: Usage) -> DagsterProject:
    usage.write(database)
    return dagster_project(database, instance, SETTINGS)


def _evaluated(
    project: DagsterProject, run_id: str, check: AssetCheckKey
) -> Mapping[str, AssetCheckEvaluation]:
    """Return the evaluations of a check in a run, by partition."""
    kind = DagsterEventType.ASSET_CHECK_EVALUATION
    events = [e.get_dagster_event() for e in project.instance.all_logs(run_id, of_type=kind)]
    found = [event.asset_check_evaluation_data for event in events]
    return {each.partition or "": each for each in found if each.asset_check_key == check}


def _keys(slugs: str = "abc", days: tuple[date, ...] = (DAY, NEXT)) -> set[str]:
    return {f"{day}|{slug}" for slug in slugs for day in days}


def _execute(database: Database, query: str) -> None:
    with database.operator_transaction() as connection:
        connection.execute(query.encode())


@pytest.mark.parametrize("check", [OF_SUMMARIES, OF_ANOMALIES])
def test_each_partition_that_a_run_lands_is_checked_in_that_run(
    project: DagsterProject, check: AssetCheckKey
) -> None:
    ended = project.run((DAY, NEXT), ("a", "c"))
    found = _evaluated(project, ended.run_id, check)
    assert set(found) == _keys()
    assert all(each.passed for each in found.values())


@pytest.mark.parametrize("check", [OF_SUMMARIES, OF_ANOMALIES])
def test_an_evaluation_is_of_the_latest_materialization_so_that_dagster_shows_it_as_current(
    project: DagsterProject, instance: DagsterInstance, check: AssetCheckKey
) -> None:
    for _ in range(2):
        project.run((DAY, DAY), ("a", "c"))
    shown = instance.event_log_storage.get_asset_check_partition_info([check])
    assert {info.partition_key for info in shown if info.is_current} == _keys(days=(DAY,))
    assert all(info.is_current for info in shown)


def test_a_report_that_comes_in_late_fails_the_check_of_its_partition_and_of_no_other(
    project: DagsterProject, database: Database
) -> None:
    _execute(database, LATE_REPORT)
    ended = project.run((DAY, NEXT), ("a", "c"))
    assert ended.success
    assert project.materialized(ended.run_id) == _keys()
    found = _evaluated(project, ended.run_id, OF_SUMMARIES)
    assert {key for key, each in found.items() if not each.passed} == {f"{DAY}|b"}
    failed = found[f"{DAY}|b"]
    assert failed.description == (
        "3 summaries differ from the reports in 17 figures, first: cost_millicents of model "
        f"late?model of project {id_of('b', 'project')} is None, the reports say 77."
    )
    table = failed.metadata["differences"]
    assert isinstance(table, TableMetadataValue)
    assert {(str(row.data["scope"]).split()[0], row.data["model"]) for row in table.records} >= {
        ("agent", "late?model"),
        ("epic", "late?model"),
        ("project", "late?model"),
    }
    errors = [e.user_message for e in project.instance.all_logs(ended.run_id) if e.level == 40]
    assert errors == [f"summaries_match_reports of {DAY}|b: {failed.description}"]


def test_the_next_run_over_the_partition_turns_the_check_green(
    project: DagsterProject, database: Database
) -> None:
    _execute(database, LATE_REPORT)
    project.run((DAY, DAY), ("a", "c"))
    ended = project.run((DAY, DAY), ("b", "b"))
    assert _evaluated(project, ended.run_id, OF_SUMMARIES)[f"{DAY}|b"].passed


def test_an_anomaly_that_is_not_what_the_rule_finds_fails_its_check(
    project: DagsterProject, database: Database
) -> None:
    _execute(database, WRONG_FACTOR)
    ended = project.run((NEXT, NEXT), ("a", "c"))
    assert ended.success
    found = _evaluated(project, ended.run_id, OF_ANOMALIES)
    assert {key for key, each in found.items() if not each.passed} == {f"{NEXT}|b"}
    story = id_of("b", "story", "e", "s0")
    assert found[f"{NEXT}|b"].description == (
        f"1 anomalies are not what the rule finds, first: high_cost of story {story} is "
        "9000 millicents, 99 times 2000, should be 9000 millicents, 4.50 times 2000."
    )


def test_in_a_run_in_which_a_tenant_fails_the_partitions_that_landed_are_checked(
    project: DagsterProject, database: Database, usage: Usage
) -> None:
    for _ in range(2):
        usage.report("c", NEXT, BIGINT_MAX)
    usage.write(database)
    _execute(database, LATE_REPORT)
    ended = project.run((DAY, NEXT), ("a", "c"))
    assert not ended.success
    (message,) = project.failures(ended.run_id)
    assert message.startswith("1 of 6 partitions failed.")
    found = _evaluated(project, ended.run_id, OF_SUMMARIES)
    assert set(found) == _keys() - {f"{NEXT}|c"}
    assert {key for key, each in found.items() if not each.passed} == {f"{DAY}|b"}
    assert all(each.target_materialization_data for each in found.values())


def test_a_check_that_cannot_be_made_for_one_tenant_fails_for_that_one_and_says_why(
    database: Database,
    instance: DagsterInstance,
    usage: Usage,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def work(connection: TenantConnection, unit: TenantDays) -> list[SummaryCheck]:
        if unit.tenant.slug == "b":
            connection.execute("SELECT 1 FROM no_such_table")
        return check_summaries(connection, unit)

    monkeypatch.setattr(
        assets, "SUMMARIES_MATCH_REPORTS", replace(SUMMARIES_MATCH_REPORTS, work=work)
    )
    usage.write(database)
    project = dagster_project(database, instance, SETTINGS)
    ended = project.run((DAY, DAY), ("a", "c"))
    assert ended.success
    found = _evaluated(project, ended.run_id, OF_SUMMARIES)
    assert {key: each.passed for key, each in found.items()} == {
        f"{DAY}|a": True,
        f"{DAY}|b": False,
        f"{DAY}|c": True,
    }
    assert str(found[f"{DAY}|b"].description).startswith(
        f"Check of tenant 'b' for {DAY} failed: the schema does not fit"
    )


def test_where_days_of_one_tenant_are_archived_the_others_are_checked_and_its_late_reports_counted(
    project: DagsterProject, database: Database, usage: Usage
) -> None:
    project.run((DAY, NEXT), ("a", "c"))
    with database.tenant_transaction(id_of("b")) as connection:
        connection.execute("UPDATE token_usage_reports SET deleted_at = now()")
        connection.execute(
            "INSERT INTO loopctl_pipelines.archived_days VALUES (%s, %s, now())",
            [id_of("b"), NEXT],
        )
    usage.report("b", DAY, 5)
    usage.report("b", NEXT, 5)
    usage.write(database)
    ended = project.run((DAY, NEXT), ("a", "c"))
    assert ended.success
    found = _evaluated(project, ended.run_id, OF_SUMMARIES)
    assert set(found) == _keys()
    assert {key for key, each in found.items() if not each.passed} == {f"{DAY}|b"}
    late = found[f"{DAY}|b"]
    assert str(late.description).startswith("1 reports of this archived day are live: they came")
    assert late.metadata.keys() == {"archived", "late reports"}
    assert found[f"{NEXT}|b"].metadata["summaries"].value == "3"
    of_anomalies = _evaluated(project, ended.run_id, OF_ANOMALIES)
    assert {key: "archived" in each.metadata for key, each in of_anomalies.items()} == {
        key: key == f"{DAY}|b" for key in _keys()
    }
    assert all(each.passed for each in of_anomalies.values())


def test_costs_have_to_be_fresh_each_morning(project: DagsterProject) -> None:
    for key in (SUMMARIES, ANOMALIES):
        policy = project.definitions.resolve_asset_graph().get(key).freshness_policy
        assert isinstance(policy, FreshnessPolicy)
        assert "0 4 * * *" in str(policy)


def test_on_a_storage_of_dagsters_own_the_checks_are_recorded_as_well(
    database: Database, usage: Usage
) -> None:
    usage.write(database)
    with DagsterInstance.ephemeral() as instance:
        project = dagster_project(database, instance, SETTINGS)
        ended = project.run((DAY, DAY), ("a", "c"))
        assert set(_evaluated(project, ended.run_id, OF_SUMMARIES)) == _keys(days=(DAY,))
