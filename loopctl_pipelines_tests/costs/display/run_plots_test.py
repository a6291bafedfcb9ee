"""The plots in the metadata of a run: where they are, how many, and what they do not harm."""

from base64 import b64decode
from datetime import date

import pytest
from dagster import DagsterInstance

from loopctl_pipelines.costs.display.run_plots import MOST_PLOTS
from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.setting_reader import StartDate
from loopctl_pipelines.settings import Settings
from loopctl_pipelines_tests.dagster_project import ANOMALIES, DagsterProject, dagster_project
from loopctl_pipelines_tests.usage import Usage

FIRST, SECOND = date(2026, 4, 1), date(2026, 4, 2)
ONE_HIGH = (9000, 250, 250, 250, 250)
PLOT, STORY = "cost per day", "costliest anomaly"


@pytest.fixture
def usage() -> Usage:
    """Give `a`, which deviates on the second day, and `b`, which does on the first day only."""
    usage = Usage()
    for slug, deviates_on in (("a", SECOND), ("b", FIRST)):
        for n, cost in enumerate(ONE_HIGH):
            for day in (FIRST, SECOND):
                usage.report(slug, day, cost if day == deviates_on else 500, story=f"s{n}")
    return usage


def _project(database: Database, instance: DagsterInstance, usage: Usage) -> DagsterProject:
    usage.write(database)
    return dagster_project(database, instance, Settings(start_date=StartDate(FIRST)))


def _plot(project: DagsterProject, partition: str, name: str = PLOT) -> bytes | None:
    shown = project.metadata(ANOMALIES, partition).get(name)
    return b64decode(str(shown).partition("base64,")[2].rstrip(")")) if shown else None


def test_the_latest_day_of_a_run_has_a_plot_if_it_has_an_anomaly(
    database: Database, instance: DagsterInstance, usage: Usage
) -> None:
    project = _project(database, instance, usage)
    assert project.run((FIRST, SECOND), ("a", "b")).success
    shown = {
        key: _plot(project, key) for key in (f"{day}|{s}" for day in (FIRST, SECOND) for s in "ab")
    }
    assert {key for key, png in shown.items() if png} == {f"{SECOND}|a"}
    for png in (shown[f"{SECOND}|a"], _plot(project, f"{SECOND}|a", STORY)):
        assert png
        assert png.startswith(b"\x89PNG")
        assert len(png) < 15_000


def test_a_run_over_many_tenants_draws_a_bounded_number_of_plots(
    database: Database, instance: DagsterInstance
) -> None:
    usage = Usage()
    slugs = [f"t{n:02}" for n in range(MOST_PLOTS + 2)]
    for slug in slugs:
        for n, cost in enumerate((9000, 1, 250, 250, 250) if slug == slugs[-1] else ONE_HIGH):
            usage.report(slug, FIRST, cost, story=f"s{n}")
    project = _project(database, instance, usage)
    assert project.run((FIRST, FIRST), (slugs[0], slugs[-1])).success
    drawn = [slug for slug in slugs if _plot(project, f"{FIRST}|{slug}")]
    # the one with two anomalies is among them
    assert drawn == [*slugs[: MOST_PLOTS - 1], slugs[-1]]


def test_costs_that_cannot_be_read_for_a_plot_fail_no_run(
    database: Database, instance: DagsterInstance, usage: Usage
) -> None:
    project = _project(database, instance, usage)
    # the first run opens the anomalies, whose events for webhooks have the title as well
    assert project.run((FIRST, SECOND), ("a", "b")).success
    with database.operator_transaction() as connection:
        # '' is no title of this type, which only the list of anomalies for the plot assumes
        connection.execute("ALTER TABLE stories ALTER title TYPE jsonb USING to_jsonb(title)")
    assert project.run((FIRST, SECOND), ("a", "b")).success
    assert project.metadata(ANOMALIES, f"{SECOND}|a")["anomalies (high cost)"] == 1
    assert _plot(project, f"{SECOND}|a") is None
