"""Budgets in runs of the daily job: checked once per tenant, with the day's anomalies."""

from datetime import date

import pytest
from dagster import DagsterInstance, TableMetadataValue

from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.setting_reader import StartDate
from loopctl_pipelines.settings import Settings
from loopctl_pipelines_tests.costs.anomalies.deviations import anomalies, audited
from loopctl_pipelines_tests.costs.budgets.stored_budgets import add_budget
from loopctl_pipelines_tests.dagster_project import ANOMALIES, DagsterProject, dagster_project
from loopctl_pipelines_tests.usage import Usage, id_of

DAY, NEXT = date(2026, 4, 1), date(2026, 4, 2)


@pytest.fixture
def usage() -> Usage:
    usage = Usage()
    for slug in ("a", "b", "c"):
        for day in (DAY, NEXT):
            for n in range(4):
                usage.report(slug, day, 7_000, story=f"s{n}")
    return usage


@pytest.fixture
def project(database: Database, instance: DagsterInstance, usage: Usage) -> DagsterProject:
    usage.write(database)
    return dagster_project(database, instance, Settings(start_date=StartDate(DAY)))


def test_a_tenant_s_budgets_are_metadata_of_the_last_day_that_landed_and_reported_once(
    project: DagsterProject, database: Database
) -> None:
    add_budget(database, "project", id_of("a", "project"), 64_000)
    add_budget(database, "story", id_of("a", "story", "e", "s0"), 10_000, input_tokens=1_000)
    ended = project.run((DAY, NEXT), ("a", "c"))
    assert ended.success
    shown = project.metadata(ANOMALIES, f"{NEXT}|a")
    assert {name: shown[name] for name in shown if "budget" in name and name != "budget use"} == {
        "budgets": 2,
        "budgets exceeded": 1,
        "budget thresholds reported": 3,
        "stories over budget": 1,
        "budget anomalies opened": 1,
    }
    table = shown["budget use"]
    assert isinstance(table, TableMetadataValue)
    assert [record.data for record in table.records] == [
        {
            "scope": f"story {id_of('a', 'story', 'e', 's0')}",
            "used_percent": 140,
            "used": "$0.14",
            "limit": "$0.10",
            "used_up_on": "used up",
        },
        {
            "scope": f"project {id_of('a', 'project')}",
            "used_percent": 87,
            "used": "$0.56",
            "limit": "$0.64",
            # 4,000 millicents a day, on the average of 14 days
            "used_up_on": "2026-04-04",
        },
    ]
    others = (f"{DAY}|a", f"{NEXT}|b")
    assert all("budgets" not in project.metadata(ANOMALIES, key) for key in others)
    assert {row["tenant_id"] for row in anomalies(database)} == {id_of("a")}
    entries = audited(database)
    project.run((NEXT, NEXT), ("a", "a"))
    assert audited(database) == entries
    shown = project.metadata(ANOMALIES, f"{NEXT}|a")
    assert (shown["budget thresholds reported"], shown["budgets"]) == (0, 2)


def test_a_tenant_whose_budgets_cannot_be_checked_fails_alone_and_says_so(
    project: DagsterProject, database: Database
) -> None:
    for slug in ("a", "b"):
        add_budget(database, "project", id_of(slug, "project"), 64_000, slug=slug)
    with database.operator_transaction() as connection:
        connection.execute(
            "ALTER TABLE token_budgets ADD CHECK"
            f" (NOT warning_fired OR tenant_id <> '{id_of('a')}')".encode()
        )
    ended = project.run((DAY, NEXT), ("a", "c"))
    assert not ended.success
    (message,) = project.failures(ended.run_id)
    assert "The check of the budgets of tenant 'a' for 2026-04-02 failed: a constraint" in message
    landed = project.materialized(ended.run_id, ANOMALIES)
    everything = {f"{day}|{slug}" for day in (DAY, NEXT) for slug in "abc"}
    assert landed == everything - {f"{NEXT}|a"}
    assert {row["tenant_id"] for row in audited(database)} == {id_of("b")}


def test_a_budget_that_was_deleted_is_still_looked_at_while_its_anomaly_is_open(
    project: DagsterProject, database: Database
) -> None:
    add_budget(database, "story", id_of("a", "story", "e", "s0"), 1)
    project.run((DAY, DAY), ("a", "c"))
    with database.operator_transaction() as connection:
        connection.execute("DELETE FROM token_budgets")
    project.run((NEXT, NEXT), ("a", "c"))
    assert [row["resolved"] for row in anomalies(database)] == [True]
