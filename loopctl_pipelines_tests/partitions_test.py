"""The partitions that a run is over, as its tags say."""

from datetime import date

import pytest
from dagster import DagsterInstance, PartitionKeyRange

from loopctl_pipelines.costs.jobs import DAILY_COSTS
from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.partitions import (
    partition_range,
    range_of_tags,
    range_tags,
    slugs_between,
)
from loopctl_pipelines.setting_reader import StartDate
from loopctl_pipelines.settings import Settings
from loopctl_pipelines_tests.dagster_project import SUMMARIES, dagster_project
from loopctl_pipelines_tests.usage import Usage

FIRST, LAST = date(2026, 4, 1), date(2026, 4, 3)
RANGE = partition_range((FIRST, LAST), ("a", "c"))
SINGLE = {"dagster/partition": f"{FIRST}|b"}


def test_the_tags_of_a_range_are_read_back() -> None:
    assert range_of_tags(range_tags(RANGE)) == RANGE


def test_a_single_partition_is_a_range_of_one() -> None:
    assert range_of_tags(SINGLE) == PartitionKeyRange(f"{FIRST}|b", f"{FIRST}|b")


def test_a_range_wins_over_the_single_partition_that_dagster_adds() -> None:
    assert range_of_tags({**SINGLE, **range_tags(RANGE)}) == RANGE


def test_a_run_without_partitions_has_no_range() -> None:
    assert range_of_tags({"dagster/run_key": "2026-04-01"}) is None


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [("a", "c", ("a", "b", "c")), ("b", "b", ("b",)), ("c", "a", ()), ("a", "x", ())],
)
def test_the_slugs_of_a_range_are_in_partition_order(
    first: str, last: str, expected: tuple[str, ...]
) -> None:
    assert slugs_between(first, last, ("a", "b", "c")) == expected


def test_a_run_over_a_single_partition_materializes_that_one(
    database: Database, instance: DagsterInstance
) -> None:
    usage = Usage()
    for slug in ("a", "b", "c"):
        usage.report(slug, FIRST, 1000)
    usage.write(database)
    project = dagster_project(database, instance, Settings(start_date=StartDate(FIRST)))
    ended = project.definitions.resolve_job_def(DAILY_COSTS).execute_in_process(
        instance=instance,
        partition_key=f"{FIRST}|b",
        run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
    )
    assert project.materialized(ended.run_id, SUMMARIES) == {f"{FIRST}|b"}
