"""A renamed tenant's history is carried over: its partitions look as before, under its new slug."""

from datetime import date

import pytest
from dagster import AssetCheckKey, AssetKey, AssetRecordsFilter, DagsterInstance

from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.orchestration.errors import UnfinishedRunsError
from loopctl_pipelines.orchestration.renamed_tenant import carry_over, materialized_slugs
from loopctl_pipelines.partitions import TENANTS
from loopctl_pipelines.setting_reader import StartDate
from loopctl_pipelines.settings import Settings
from loopctl_pipelines.tenants.sync import sync_tenants
from loopctl_pipelines_tests.dagster_internals import create_run_for_test, partitions_by_staleness
from loopctl_pipelines_tests.dagster_project import (
    ANOMALIES,
    SUMMARIES,
    DagsterProject,
    dagster_project,
)
from loopctl_pipelines_tests.usage import Usage

FIRST, LAST = date(2026, 4, 1), date(2026, 4, 2)
ASSETS = [SUMMARIES, ANOMALIES]
OLD, NEW = [[f"{day}|{slug}" for day in (FIRST, LAST)] for slug in ("b", "z")]


@pytest.fixture
def project(database: Database, instance: DagsterInstance) -> DagsterProject:
    """Give tenants `a` and `b`, computed, of which `b` was renamed to `z`."""
    usage = Usage()
    for slug in "ab":
        usage.report(slug, FIRST, cost=100)
    usage.write(database)
    project = dagster_project(database, instance, Settings(start_date=StartDate(FIRST)))
    assert project.run((FIRST, LAST), ("a", "b")).success
    with database.operator_transaction() as connection:
        connection.execute("UPDATE tenants SET slug = 'z' WHERE slug = 'b'")
    return project


def _materialized(instance: DagsterInstance, asset: AssetKey) -> dict[str, tuple[int, str]]:
    """Return id and run of each partition's latest materialization, by the event's own key."""
    found = instance.fetch_materializations(AssetRecordsFilter(asset), 100).records[::-1]
    events = [(each.asset_materialization, each) for each in found]
    return {e.partition or "": (each.storage_id, each.run_id) for e, each in events if e}


def test_the_same_materializations_are_those_of_the_new_slug(project: DagsterProject) -> None:
    instance = project.instance
    before = _materialized(instance, SUMMARIES)
    assert carry_over(instance, TENANTS, ASSETS, "b", "z") == 4
    after = _materialized(instance, SUMMARIES)
    assert [after[key] for key in NEW] == [before[key] for key in OLD]
    assert set(after).isdisjoint(OLD)
    assert instance.get_dynamic_partitions("tenants") == ["a", "z"]
    assert materialized_slugs(instance, ASSETS) == {"a", "z"}
    stale = partitions_by_staleness(instance, project.definitions, ANOMALIES, NEW)
    assert stale == {"FRESH": set(NEW)}


def test_the_results_of_checks_go_with_them(project: DagsterProject) -> None:
    check = AssetCheckKey(SUMMARIES, "summaries_match_reports")
    carry_over(project.instance, TENANTS, ASSETS, "b", "z")
    info = project.instance.event_log_storage.get_asset_check_partition_info([check])
    assert {each.partition_key for each in info} == {f"{FIRST}|a", f"{LAST}|a", *NEW}


def test_what_the_new_slug_has_itself_stays_and_it_may_be_repeated(
    project: DagsterProject, database: Database
) -> None:
    sync_tenants(project.instance, database)
    # `b` is skipped in this run, between `a` and `z`
    assert project.run((LAST, LAST), ("a", "z")).success
    latest = _materialized(project.instance, SUMMARIES)[NEW[1]]
    assert carry_over(project.instance, TENANTS, ASSETS, "b", "z") == 4
    assert _materialized(project.instance, SUMMARIES)[NEW[1]] == latest
    assert carry_over(project.instance, TENANTS, ASSETS, "b", "z") == 0


def test_it_waits_for_runs_to_end(project: DagsterProject) -> None:
    create_run_for_test(project.instance)
    with pytest.raises(UnfinishedRunsError, match="1 run is requested or in progress"):
        carry_over(project.instance, TENANTS, ASSETS, "b", "z")


def test_other_assets_with_the_same_keys_are_left_alone(project: DagsterProject) -> None:
    carry_over(project.instance, TENANTS, [ANOMALIES], "b", "z")
    assert set(OLD) <= set(_materialized(project.instance, SUMMARIES))
