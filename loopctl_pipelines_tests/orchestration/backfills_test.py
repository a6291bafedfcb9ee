"""A backfill of the UI's dialog: how many runs it starts, and how it ends."""

from datetime import date, timedelta

import pytest
from dagster import DagsterInstance, DagsterRunStatus, partition_loading_context

from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.orchestration.dagster_internals import cover_backfills_with_rectangles
from loopctl_pipelines.partitions import partition_key
from loopctl_pipelines.setting_reader import StartDate
from loopctl_pipelines.settings import Settings
from loopctl_pipelines_tests.dagster_internals import (
    BulkActionStatus,
    PartitionBackfill,
    create_run_for_test,
    run_requests_of_backfill,
)
from loopctl_pipelines_tests.dagster_project import (
    ANOMALIES,
    SUMMARIES,
    DagsterProject,
    dagster_project,
)
from loopctl_pipelines_tests.usage import Usage

FIRST = date(2026, 4, 1)
DAYS = [FIRST + timedelta(days=number) for number in range(7)]


@pytest.fixture
def project(database: Database, instance: DagsterInstance) -> DagsterProject:
    """Give four tenants without usage."""
    usage = Usage()
    for slug in "abcd":
        usage.tenant(slug)
    usage.write(database)
    return dagster_project(database, instance, Settings(start_date=StartDate(FIRST)))


def _ranges(project: DagsterProject, slugs: str) -> list[tuple[str, str]]:
    keys = {partition_key(day, slug) for day in DAYS for slug in slugs}
    with partition_loading_context(dynamic_partitions_store=project.instance):
        requests = run_requests_of_backfill(
            project.instance, project.definitions, [SUMMARIES, ANOMALIES], keys
        )
    assert all(set(each.asset_selection or ()) == {SUMMARIES, ANOMALIES} for each in requests)
    starts, ends = "dagster/asset_partition_range_start", "dagster/asset_partition_range_end"
    return sorted((each.tags[starts], each.tags[ends]) for each in requests)


def test_seven_days_of_several_tenants_are_one_run_over_both_assets(
    project: DagsterProject,
) -> None:
    assert _ranges(project, "abcd") == [("2026-04-01|a", "2026-04-07|d")]
    assert _ranges(project, "bc") == [("2026-04-01|b", "2026-04-07|c")]


def test_tenants_that_are_not_adjacent_are_a_run_for_each_group(project: DagsterProject) -> None:
    assert _ranges(project, "acd") == [
        ("2026-04-01|a", "2026-04-07|a"),
        ("2026-04-01|c", "2026-04-07|d"),
    ]


def test_a_run_has_no_more_partitions_than_the_instance_allows(
    project: DagsterProject,
) -> None:
    cover_backfills_with_rectangles(12)
    try:
        assert _ranges(project, "abcd") == [
            ("2026-04-01|a", "2026-04-03|d"),
            ("2026-04-04|a", "2026-04-06|d"),
            ("2026-04-07|a", "2026-04-07|d"),
        ]
    finally:
        cover_backfills_with_rectangles(10_000)


@pytest.mark.parametrize(
    ("of_runs", "of_backfill"),
    [
        ([DagsterRunStatus.SUCCESS], BulkActionStatus.COMPLETED_SUCCESS),
        ([DagsterRunStatus.SUCCESS, DagsterRunStatus.FAILURE], BulkActionStatus.COMPLETED_FAILED),
        ([DagsterRunStatus.CANCELED], BulkActionStatus.COMPLETED_FAILED),
        ([], BulkActionStatus.COMPLETED_FAILED),
    ],
)
def test_a_backfill_whose_runs_have_all_succeeded_is_green_whatever_they_skipped(
    project: DagsterProject, of_runs: list[DagsterRunStatus], of_backfill: BulkActionStatus
) -> None:
    """Dagster marks it as failed, as partitions of a suspended tenant have no result."""
    instance = project.instance
    backfill = PartitionBackfill.from_asset_partitions(
        backfill_id="skipping",
        asset_graph=project.definitions.resolve_asset_graph(),
        partition_names=[partition_key(FIRST, slug) for slug in "ab"],
        asset_selection=[SUMMARIES],
        backfill_timestamp=0.0,
        tags={},
        dynamic_partitions_store=instance,
        all_partitions=False,
        title=None,
        description=None,
        run_config=None,
    )
    instance.add_backfill(backfill)
    for status in of_runs:
        create_run_for_test(instance, status=status, tags={"dagster/backfill": "skipping"})
    instance.update_backfill(backfill._replace(status=BulkActionStatus.COMPLETED_FAILED))
    found = instance.get_backfill("skipping")
    assert found is not None
    assert found.status is of_backfill
