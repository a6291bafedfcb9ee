"""The page of each partition that a run did not compute says why, whatever the asset is."""

from datetime import date

import pytest
from dagster import AssetRecordsFilter, DagsterInstance

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
BIGINT_MAX = 2**63 - 1


@pytest.fixture
def usage() -> Usage:
    """Give tenants `a`, `b` and `c` a day of usage."""
    usage = Usage()
    for slug in "abc":
        usage.report(slug, FIRST, cost=100)
    return usage


@pytest.fixture
def project(database: Database, instance: DagsterInstance, usage: Usage) -> DagsterProject:
    usage.write(database)
    return dagster_project(database, instance, Settings(start_date=StartDate(FIRST)))


def _pages(project: DagsterProject, slug: str) -> dict[str, tuple[str, str]]:
    """Return what the pages of a tenant's day say, by asset: what the run did, and why."""
    said = {}
    for asset in (SUMMARIES, ANOMALIES):
        wanted = AssetRecordsFilter(asset, asset_partitions=[f"{FIRST}|{slug}"])
        for record in project.instance.fetch_observations(wanted, 10).records:
            event = record.asset_observation
            assert event
            assert event.tags["dagster/partition/tenant"] == slug
            [name] = event.metadata
            said[asset.to_user_string()] = (name.split()[0], event.description or "")
    return said


def _suspend(database: Database, *slugs: str) -> None:
    with database.operator_transaction() as connection:
        connection.execute(
            "UPDATE tenants SET status = 'suspended' WHERE slug = ANY(%s)", [list(slugs)]
        )


def test_a_tenant_that_was_suspended_is_skipped_and_its_pages_say_so(
    project: DagsterProject, database: Database
) -> None:
    _suspend(database, "b")
    assert project.run((FIRST, FIRST), ("a", "c")).success
    pages = _pages(project, "b")
    assert set(pages) == {"cost_summaries", "cost_anomalies"}
    for what, why in pages.values():
        assert what == "skipped"
        assert "'b' is suspended" in why
    assert not _pages(project, "a")


def test_a_run_without_an_active_tenant_fails_and_each_page_says_why(
    project: DagsterProject, database: Database
) -> None:
    _suspend(database, "a", "b", "c")
    assert not project.run((FIRST, FIRST), ("a", "c")).success
    for slug in "abc":
        what, why = _pages(project, slug)["cost_summaries"]
        assert what == "failed"
        assert f"'{slug}' is suspended" in why


def test_partitions_of_a_later_asset_that_were_left_undone_say_so(
    project: DagsterProject, database: Database, usage: Usage
) -> None:
    for _ in range(2):
        usage.report("b", FIRST, BIGINT_MAX)
    usage.write(database)
    assert not project.run((FIRST, FIRST), ("a", "c")).success
    assert _pages(project, "b")["cost_summaries"][0] == "failed"
    for slug in "abc":
        what, why = _pages(project, slug)["cost_anomalies"]
        assert what == "failed"
        assert why.startswith("Left undone: partitions of cost_summaries failed in the same run")
    assert "cost_summaries" not in _pages(project, "a")


def test_a_database_that_is_not_fit_is_the_reason_of_all_partitions(
    project: DagsterProject, database: Database
) -> None:
    with database.operator_transaction() as connection:
        connection.execute("REVOKE SELECT ON token_usage_reports FROM loopctl_app")
    assert not project.run((FIRST, FIRST), ("a", "c")).success
    for slug in "abc":
        what, why = _pages(project, slug)["cost_summaries"]
        assert what == "failed"
        assert "token_usage_reports" in why
