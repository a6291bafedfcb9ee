"""Runs of `daily_costs` as Dagster records them: who landed, who failed, what the UI shows."""

from datetime import date, timedelta
from uuid import UUID

import psycopg
import pytest
from dagster import AssetCheckKey, AssetKey, DagsterInstance, serialize_value

from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.setting_reader import StartDate
from loopctl_pipelines.settings import Settings
from loopctl_pipelines_tests.dagster_project import (
    ANOMALIES,
    SUMMARIES,
    DagsterProject,
    dagster_project,
)
from loopctl_pipelines_tests.usage import Usage, id_of

FIRST = date(2026, 4, 1)
LAST = date(2026, 4, 3)
SETTINGS = Settings(start_date=StartDate(FIRST))
BIGINT_MAX = 2**63 - 1


@pytest.fixture
def usage() -> Usage:
    """Three tenants with usage on three days; `b` is as good as the others, for now."""
    usage = Usage()
    for slug in ("a", "b", "c"):
        for offset in range(3):
            usage.report(slug, FIRST + timedelta(days=offset), 100_000, model="m")
    return usage


@pytest.fixture
def project(database: Database, instance: DagsterInstance, usage: Usage) -> DagsterProject:
    usage.write(database)
    return dagster_project(database, instance, SETTINGS)


def _keys(slugs: str, days: int = 3) -> set[str]:
    return {f"{FIRST + timedelta(days=n)}|{slug}" for slug in slugs for n in range(days)}


def _shown(project: DagsterProject, asset: AssetKey) -> dict[str, str]:
    """Return how Dagster shows the first day's partitions of three tenants."""
    partitions = project.definitions.resolve_asset_graph().get(asset).partitions_def
    assert partitions
    keys = sorted(_keys("abc", days=1))
    status = project.instance.get_status_by_partition(asset, keys, partitions)
    return {key: value.value for key, value in (status or {}).items() if value}


def _overflow(usage: Usage, database: Database, slug: str, day: date) -> None:
    """Have the tenant's day add up to more than a bigint holds."""
    for _ in range(2):
        usage.report(slug, day, BIGINT_MAX)
    usage.write(database)


def _repair(database: Database, slug: str) -> None:
    with database.tenant_transaction(id_of(slug)) as connection:
        connection.execute(
            "UPDATE token_usage_reports SET deleted_at = now() WHERE cost_millicents > 100000"
        )


def _count(database: Database, tenant: UUID, table: str) -> int:
    with database.tenant_transaction(tenant) as connection:
        row = connection.execute(
            psycopg.sql.SQL("SELECT count(*) FROM {}").format(psycopg.sql.Identifier(table))
        ).fetchone()
    return int(row[0]) if row else 0


def test_one_run_materializes_both_assets_over_all_days_and_tenants(
    project: DagsterProject,
) -> None:
    ended = project.run((FIRST, LAST), ("a", "c"))
    assert ended.success
    assert project.materialized(ended.run_id, SUMMARIES) == _keys("abc")
    assert project.materialized(ended.run_id, ANOMALIES) == _keys("abc")


def test_a_materialization_says_what_was_done_and_what_the_day_cost(
    project: DagsterProject,
) -> None:
    project.run((FIRST, LAST), ("a", "c"))
    shown = project.metadata(SUMMARIES, f"{FIRST}|a")
    assert shown["cost (dollars)"] == 1.0
    assert shown["reports"] == 1
    assert (shown["rows written"], shown["rows unchanged"], shown["rows deleted"]) == (3, 0, 0)
    assert "█" in str(shown["chart"])
    project.run((FIRST, FIRST), ("a", "a"))
    again = project.metadata(SUMMARIES, f"{FIRST}|a")
    assert (again["rows written"], again["rows unchanged"], again["rows deleted"]) == (0, 3, 0)


def test_one_tenants_failure_is_its_own(
    project: DagsterProject, usage: Usage, database: Database
) -> None:
    _overflow(usage, database, "b", FIRST)
    ended = project.run((FIRST, FIRST), ("a", "c"))
    assert not ended.success
    assert project.materialized(ended.run_id) == _keys("ac", days=1)
    (message,) = project.failures(ended.run_id)
    assert message.startswith("1 of 3 partitions failed.")
    assert f"tenant 'b' for {FIRST} failed" in message
    kept = "".join(map(serialize_value, project.instance.all_logs(ended.run_id)))
    assert message[:40] in kept
    assert str(BIGINT_MAX) not in kept
    assert "psycopg" not in kept
    assert _count(database, id_of("b"), "cost_summaries") == 0


def test_the_bad_partition_alone_says_why_it_failed(
    project: DagsterProject, usage: Usage, database: Database
) -> None:
    _overflow(usage, database, "b", FIRST)
    project.run((FIRST, FIRST), ("a", "c"))
    reasons = project.reasons(SUMMARIES)
    assert set(reasons) == {f"{FIRST}|b"}
    assert reasons[f"{FIRST}|b"].startswith(f"Rollup of tenant 'b' for {FIRST} failed: ")


def test_of_a_range_only_the_bad_day_fails(
    project: DagsterProject, usage: Usage, database: Database
) -> None:
    _overflow(usage, database, "b", date(2026, 4, 2))
    ended = project.run((FIRST, LAST), ("a", "c"))
    assert project.materialized(ended.run_id) == _keys("abc") - {"2026-04-02|b"}


def test_after_the_repair_the_bad_partition_alone_is_green_again(
    project: DagsterProject, usage: Usage, database: Database
) -> None:
    _overflow(usage, database, "b", FIRST)
    project.run((FIRST, FIRST), ("a", "c"))
    _repair(database, "b")
    ended = project.run((FIRST, FIRST), ("b", "b"))
    assert ended.success
    assert project.materialized(ended.run_id, ANOMALIES) == {f"{FIRST}|b"}


def test_dagster_shows_exactly_the_bad_partition_as_failed(
    project: DagsterProject, usage: Usage, database: Database
) -> None:
    _overflow(usage, database, "b", FIRST)
    project.run((FIRST, FIRST), ("a", "c"))
    assert _shown(project, SUMMARIES) == {
        f"{FIRST}|a": "MATERIALIZED",
        f"{FIRST}|b": "FAILED",
        f"{FIRST}|c": "MATERIALIZED",
    }


@pytest.mark.parametrize("runs_before", [0, 1])
def test_a_suspended_tenant_between_those_of_a_run_that_fails_is_not_shown_as_failed(
    runs_before: int, project: DagsterProject, usage: Usage, database: Database
) -> None:
    for _ in range(runs_before):
        project.run((FIRST, FIRST), ("a", "c"))
    with database.operator_transaction() as connection:
        connection.execute("UPDATE tenants SET status = 'suspended' WHERE slug = 'b'")
    _overflow(usage, database, "c", FIRST)
    ended = project.run((FIRST, FIRST), ("a", "c"))
    assert not ended.success
    of_b = {f"{FIRST}|b": "MATERIALIZED"} if runs_before else {}
    failed = {f"{FIRST}|c": "FAILED"}
    assert _shown(project, SUMMARIES) == {f"{FIRST}|a": "MATERIALIZED", **of_b, **failed}
    # the anomalies were left undone altogether, those of `a` as well
    assert _shown(project, ANOMALIES) == {f"{FIRST}|a": "FAILED", **of_b, **failed}
    checks = project.instance.event_log_storage.get_asset_check_partition_info(
        [
            AssetCheckKey(SUMMARIES, "summaries_match_reports"),
            AssetCheckKey(ANOMALIES, "anomalies_match_rule"),
        ]
    )
    of_run = {i.partition_key for i in checks if i.latest_planned_run_id == ended.run_id}
    assert of_run == _keys("ac", days=1)


def test_a_tenant_that_is_suspended_is_skipped_and_its_past_stays(
    project: DagsterProject, database: Database
) -> None:
    project.run((FIRST, LAST), ("a", "c"))
    with database.operator_transaction() as connection:
        connection.execute("UPDATE tenants SET status = 'suspended' WHERE slug = 'b'")
    before = _count(database, id_of("b"), "cost_summaries")
    ended = project.run((FIRST, LAST), ("a", "c"))
    assert ended.success
    for asset in (SUMMARIES, ANOMALIES):
        assert project.materialized(ended.run_id, asset) == _keys("ac")
    assert _count(database, id_of("b"), "cost_summaries") == before > 0


def test_a_range_launched_on_the_jobs_page_is_materialized_as_a_whole(
    project: DagsterProject,
) -> None:
    """Dagster gives each run of such a backfill the tags of the whole's first partition as well."""
    first_of_all = {"dagster/partition/date": f"{LAST}", "dagster/partition/tenant": "a"}
    ended = project.run((FIRST, FIRST), ("a", "c"), tags=first_of_all)
    assert ended.success
    for asset in (SUMMARIES, ANOMALIES):
        assert project.materialized(ended.run_id, asset) == _keys("abc", days=1)


def test_a_run_over_inactive_tenants_alone_fails_and_says_why(
    project: DagsterProject, database: Database
) -> None:
    with database.operator_transaction() as connection:
        connection.execute("UPDATE tenants SET status = 'suspended' WHERE slug = 'b'")
    ended = project.run((FIRST, FIRST), ("b", "b"))
    (message,) = project.failures(ended.run_id)
    assert "'b' is suspended: only active tenants are computed" in message


def test_a_tenant_that_loopctl_no_longer_knows_is_reported(
    project: DagsterProject, instance: DagsterInstance
) -> None:
    instance.add_dynamic_partitions("tenants", ["ghost"])
    ended = project.run((FIRST, FIRST), ("ghost", "ghost"))
    (message,) = project.failures(ended.run_id)
    assert "No tenant has the slug 'ghost'" in message


def test_an_unfit_database_fails_the_run_with_one_sentence(
    project: DagsterProject, database: Database
) -> None:
    with database.operator_transaction() as connection:
        connection.execute("ALTER TABLE stories DISABLE ROW LEVEL SECURITY")
    ended = project.run((FIRST, FIRST), ("a", "a"))
    (message,) = project.failures(ended.run_id)
    assert "ENABLE ROW LEVEL SECURITY" in message
