"""A tenant's own settings for anomalies: used, or named, reported and left aside."""

from datetime import date
from decimal import Decimal

import pytest
from dagster import DagsterInstance
from psycopg.types.json import Jsonb

from loopctl_pipelines.anomaly_rule import AnomalyRule, Baseline
from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.setting_reader import StartDate
from loopctl_pipelines.settings import Settings
from loopctl_pipelines_tests.costs.anomalies.deviations import DAY, detected, spend
from loopctl_pipelines_tests.dagster_project import ANOMALIES, dagster_project
from loopctl_pipelines_tests.usage import Usage, id_of

# 4 times its peers among three stories: the epic's average is blind to it, the peers' median not
FOUR_TIMES = (400, 100, 100)
OBJECT = (
    "settings.cost_anomalies must be an object whose keys are among baseline, high_factor, "
    "low_factor, minimum_stories, floor_millicents, days"
)


def _set(database: Database, settings: object, slug: str = "a") -> None:
    with database.operator_transaction() as connection:
        connection.execute(
            "UPDATE tenants SET settings = %s WHERE id = %s", [Jsonb(settings), id_of(slug)]
        )


def test_a_tenant_changes_parts_of_the_operators_rule(database: Database) -> None:
    spend(database, FOUR_TIMES)
    _set(database, {"cost_anomalies": {"baseline": "peer_median", "low_factor": 0.05}, "x": 1})
    (done,) = detected(database, rule=AnomalyRule(high_factor=Decimal("3.5")))
    assert done.rule_of.rule == AnomalyRule(
        baseline=Baseline.PEER_MEDIAN, high_factor=Decimal("3.5"), low_factor=Decimal("0.05")
    )
    assert (done.high_cost, done.rule_of.problem) == (1, None)


@pytest.mark.parametrize("settings", [{}, {"cost_anomalies": None}, {"cost_anomalies": {}}, []])
def test_without_settings_the_operators_rule_applies(database: Database, settings: object) -> None:
    spend(database, FOUR_TIMES)
    _set(database, settings)
    rule = AnomalyRule(baseline=Baseline.PEER_AVERAGE)
    (done,) = detected(database, rule=rule)
    assert (done.rule_of.rule, done.high_cost, done.rule_of.problem) == (rule, 1, None)


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"baseline": "mean"}, "settings.cost_anomalies.baseline must be epic_average, peer_"),
        ({"baseline": 3}, "settings.cost_anomalies.baseline must be epic_average, peer_"),
        ({"high_factor": 1}, "settings.cost_anomalies.high_factor must be a number above 1"),
        ({"high_factor": "3.0"}, "settings.cost_anomalies.high_factor must be a number above 1"),
        ({"high_factor": True}, "settings.cost_anomalies.high_factor must be a number above 1"),
        ({"high_factor": None}, "settings.cost_anomalies.high_factor must be a number above 1"),
        ({"high_factor": 10**400}, "settings.cost_anomalies.high_factor must be a number above 1"),
        ({"low_factor": 1}, "settings.cost_anomalies.low_factor must be a number from 0 to below"),
        ({"low_factor": -0.1}, "settings.cost_anomalies.low_factor must be a number from 0 to"),
        ({"minimum_stories": 2.5}, "settings.cost_anomalies.minimum_stories must be a whole"),
        ({"minimum_stories": "2"}, "settings.cost_anomalies.minimum_stories must be a whole"),
        ({"minimum_stories": 0}, "settings.cost_anomalies.minimum_stories must be a whole"),
        ({"floor_millicents": -1}, "settings.cost_anomalies.floor_millicents must be a whole"),
        ({"floor_millicents": []}, "settings.cost_anomalies.floor_millicents must be a whole"),
        (
            {"days": "lifetime"},
            "settings.cost_anomalies.days must be a whole number from 1 to 31, or",
        ),
        ({"high_budget": 0}, "settings.cost_anomalies.high_budget must be a number above 0"),
        ({"rule": "calibrated"}, OBJECT),
        ({"calibrated_tenants": "a"}, OBJECT),
        ({"days": 32}, "settings.cost_anomalies.days must be a whole number from 1 to 31"),
        ({"high_factr": 3, "low_factor": 0.2}, OBJECT),
        ([], OBJECT),
        ("peer_median", OBJECT),
        (3, OBJECT),
    ],
)
def test_a_setting_that_cannot_be_used_is_named_and_the_tenants_are_left_aside(
    database: Database, settings: object, named: str
) -> None:
    spend(database, FOUR_TIMES)
    good = {"baseline": "peer_median"} if isinstance(settings, dict) else {}
    both = good | settings if isinstance(settings, dict) else settings
    _set(database, {"cost_anomalies": both})
    (done,) = detected(database)
    assert done.rule_of.problem
    assert done.rule_of.problem.startswith(f"Tenant 'a': {named}")
    assert (done.rule_of.rule, done.high_cost) == (AnomalyRule(), 0)


def test_a_run_warns_of_the_tenant_shows_it_and_leaves_the_others_alone(
    database: Database, instance: DagsterInstance
) -> None:
    usage = Usage()
    for slug in ("a", "b"):
        for n, cost in enumerate(FOUR_TIMES):
            # tokens that such a cost buys: the check of list prices has nothing to warn about
            usage.report(slug, DAY, cost, story=f"s{n}", tokens=(100_000, 10))
    usage.write(database)
    _set(database, {"cost_anomalies": {"baseline": "secret"}}, "a")
    _set(database, {"cost_anomalies": {"baseline": "peer_median"}}, "b")
    settings = Settings(start_date=StartDate(date(2026, 4, 1)))
    project = dagster_project(database, instance, settings)
    ended = project.run((DAY, DAY), ("a", "b"))
    assert ended.success
    assert project.metadata(ANOMALIES, f"{DAY}|b")["anomalies (high cost)"] == 1
    assert "settings not used" not in project.metadata(ANOMALIES, f"{DAY}|b")
    shown = str(project.metadata(ANOMALIES, f"{DAY}|a")["settings not used"])
    assert shown.startswith("Tenant 'a': settings.cost_anomalies.baseline must be epic_average")
    warned = [e.user_message for e in instance.all_logs(ended.run_id) if e.level == 30]
    assert warned == [shown]
    assert "secret" not in shown
