"""The anomalies follow exactly the summaries that landed, once each, without anybody asking."""

from collections.abc import Callable
from datetime import date, timedelta
from functools import partial

import pytest
from dagster import AssetSelection, DagsterInstance, evaluate_automation_conditions

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
LAST = FIRST + timedelta(days=2)
BIGINT_MAX = 2**63 - 1

Evaluate = Callable[[], set[str]]


@pytest.fixture
def usage(database: Database) -> Usage:
    usage = Usage()
    for slug in ("a", "b", "c"):
        for offset in range(3):
            usage.report(slug, FIRST + timedelta(days=offset), 100_000)
    usage.write(database)
    return usage


@pytest.fixture
def project(usage: Usage, database: Database, instance: DagsterInstance) -> DagsterProject:
    assert usage.reports
    return dagster_project(database, instance, Settings(start_date=StartDate(FIRST)))


@pytest.fixture
def requested(project: DagsterProject) -> Evaluate:
    """Give the partitions that the sensor requests at its next evaluation; one is over already."""
    evaluate = partial(
        evaluate_automation_conditions,
        project.definitions,
        project.instance,
        asset_selection=AssetSelection.assets(ANOMALIES),
    )
    evaluated = evaluate()

    def evaluate_again() -> set[str]:
        nonlocal evaluated
        evaluated = evaluate(cursor=evaluated.cursor)
        return {str(key) for key in evaluated.get_requested_partitions(ANOMALIES)}

    return evaluate_again


def test_summaries_that_were_materialized_alone_get_their_anomalies_once(
    project: DagsterProject, requested: Evaluate
) -> None:
    project.run((FIRST, FIRST), ("a", "b"), [SUMMARIES])
    assert requested() == {f"{FIRST}|a", f"{FIRST}|b"}
    project.run((FIRST, FIRST), ("a", "b"), [ANOMALIES])
    assert requested() == set()


def test_a_run_over_both_has_nothing_to_follow(
    project: DagsterProject, requested: Evaluate
) -> None:
    project.run((FIRST, LAST), ("a", "c"))
    assert requested() == set()


def test_of_a_run_that_fails_for_one_tenant_the_others_get_their_anomalies(
    project: DagsterProject, requested: Evaluate, usage: Usage, database: Database
) -> None:
    for _ in range(2):
        usage.report("b", FIRST, BIGINT_MAX)
    usage.write(database)
    assert not project.run((FIRST, FIRST), ("a", "c")).success
    assert requested() == {f"{FIRST}|a", f"{FIRST}|c"}
    # the reason of `b` is an observation, which updates nothing
    assert set(project.reasons(SUMMARIES)) == {f"{FIRST}|b"}
    assert requested() == set()
