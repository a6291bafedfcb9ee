"""What the calibrated rule reports, and why."""

from typing import Any
from uuid import UUID

from dagster import DagsterInstance

from loopctl_pipelines.anomaly_rule import LIFETIME, AnomalyRule, RuleKind
from loopctl_pipelines.costs.anomalies.anomalies_match_rule import check_anomalies
from loopctl_pipelines.costs.asset_keys import ANOMALIES, BASELINES
from loopctl_pipelines.costs.baselines.computing import compute_baselines
from loopctl_pipelines.costs.baselines.pooled import PooledTails
from loopctl_pipelines.costs.baselines.threshold import PooledTail, Source
from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.setting_reader import StartDate
from loopctl_pipelines.settings import Settings
from loopctl_pipelines_tests.costs.anomalies.deviations import anomalies, detected
from loopctl_pipelines_tests.costs.baselines.history import (
    CALIBRATED,
    FIRST,
    USUAL,
    baselined,
    nth,
    spend_on,
    usual_days,
)
from loopctl_pipelines_tests.costs.runs import roll_up_all, unit
from loopctl_pipelines_tests.dagster_project import dagster_project
from loopctl_pipelines_tests.usage import id_of


def test_a_runaway_and_skipped_work_are_found_and_say_why(
    database: Database, instance: DagsterInstance
) -> None:
    usage = usual_days(20)
    spend_on(usage, nth(20), {"runaway": 12 * USUAL, "skipped": USUAL // 50, "usual": 2 * USUAL})
    usage.write(database)
    settings = Settings(start_date=StartDate(day=FIRST), anomaly_rule=CALIBRATED)
    project = dagster_project(database, instance, settings)
    assert project.run((FIRST, nth(20)), ("a", "a")).success
    of_day = [row for row in anomalies(database) if row["metadata"]["period"] == str(nth(20))]
    high, low = sorted(of_day, key=lambda row: str(row["anomaly_type"]))
    assert high["story_id"] == id_of("a", "story", f"of {nth(20)}", f"{nth(20)}runaway")
    assert low["story_id"] == id_of("a", "story", f"of {nth(20)}", f"{nth(20)}skipped")
    assert high["metadata"]["baseline"] == "peer_shrunk"
    assert high["metadata"]["reason"].endswith("times: what 1 % of this tenant's stories exceed")
    assert float(high["metadata"]["threshold"]) < high["deviation_factor"]
    shown = project.metadata(BASELINES, f"{nth(20)}|a")
    assert shown["stories of the days before"] == 400
    assert shown["high factor"] == float(high["metadata"]["threshold"])
    assert project.metadata(ANOMALIES, f"{nth(20)}|a")["high factor"] == shown["high factor"]


def test_without_the_calibrated_rule_there_is_no_such_asset(
    database: Database, instance: DagsterInstance
) -> None:
    usual_days(1).write(database)
    project = dagster_project(database, instance, Settings(start_date=StartDate(day=FIRST)))
    assert project.run((FIRST, FIRST), ("a", "a")).success
    assert not instance.get_materialized_partitions(BASELINES)


def test_computing_days_again_gives_the_same_whatever_came_later(database: Database) -> None:
    usage = usual_days(12)
    spend_on(usage, nth(8), {"x": 12 * USUAL, "y": USUAL})
    usage.write(database)
    baselined(database, FIRST, nth(11))
    detected(database, FIRST, nth(11), CALIBRATED)
    before = (anomalies(database), stored(database))
    for day in (8, 3, 11, 0):
        baselined(database, nth(day))
        detected(database, nth(day), rule=CALIBRATED)
    assert (anomalies(database), stored(database)) == before


def test_a_day_keeps_its_baselines_when_an_earlier_one_changes_until_it_is_computed(
    database: Database,
) -> None:
    usual_days(10).write(database)
    baselined(database, FIRST, nth(9))
    before = stored(database)
    with database.tenant_transaction(id_of("a")) as connection:
        connection.execute(
            "UPDATE token_usage_reports SET cost_millicents = cost_millicents * 30"
            " WHERE inserted_at < %s",
            [nth(4)],
        )
    for day in range(4):
        baselined(database, nth(day))
    assert [row for row in stored(database) if row[0] >= nth(4)] == [
        row for row in before if row[0] >= nth(4)
    ]
    baselined(database, nth(9))
    assert not [row for row in stored(database) if row[0] == nth(9) and row in before]


def test_a_day_keeps_the_tails_of_all_tenants_that_it_was_given_first(database: Database) -> None:
    usual_days(2).write(database)
    tail = PooledTail(1_000, 0.5, [0.1 / (n + 1) for n in range(31)])
    wider = PooledTails(PooledTail(1_000, 1.5, tail.shares), PooledTail(1_000, 1.5, tail.shares))
    _, first = baselined(database, FIRST, nth(1), pooled=PooledTails(tail, tail))
    (again,) = baselined(database, nth(1), pooled=wider)
    assert again.baseline == first.baseline
    assert first.baseline
    assert first.baseline.high.source is Source.ALL_TENANTS


def test_no_sibling_looks_low_beside_a_giant(database: Database) -> None:
    usage = usual_days(10)
    spend_on(usage, nth(10), {"giant": 5_000 * USUAL, "x": USUAL, "y": USUAL // 2, "z": USUAL // 3})
    usage.write(database)
    baselined(database, FIRST, nth(10))
    (done,) = detected(database, nth(10), rule=CALIBRATED)
    assert (done.high_cost, done.suspiciously_low) == (1, 0)


def test_a_day_without_baselines_is_not_compared(database: Database) -> None:
    usage = usual_days(1)
    spend_on(usage, FIRST, {"x": 500 * USUAL, "y": USUAL, "z": USUAL})
    usage.write(database)
    baselined(database, FIRST, rule=AnomalyRule())
    (done,) = detected(database, rule=CALIBRATED)
    assert (done.stories, done.high_cost, anomalies(database)) == (0, 0, [])


def test_of_two_tenants_only_the_named_one_has_the_calibrated_rule(database: Database) -> None:
    usage = usual_days(2)
    usage.report("b", FIRST, USUAL)
    usage.write(database)
    rule = AnomalyRule(calibrated_tenants=frozenset({"b"}))
    days = baselined(database, FIRST, rule=rule)
    assert [(day.baseline, day.rule_of.rule.rule) for day in days] == [(None, RuleKind.REFERENCE)]
    roll_up_all(database, [unit("b", FIRST)])
    with database.tenant_transaction(id_of("b")) as connection:
        (of_b,) = compute_baselines(connection, unit("b", FIRST), rule=rule, pooled=None)
    assert of_b.baseline
    assert of_b.rule_of.rule.calibrated_tenants == frozenset()


def test_a_lifetime_adds_up_all_days_of_a_story_and_of_its_peers(database: Database) -> None:
    usage = usual_days(6)
    for day in range(6, 10):
        usage.report("a", nth(day), 6 * USUAL, story="slow", epic="long")
    for name in ("x", "y", "z"):
        usage.report("a", nth(6), USUAL, story=name, epic="long")
        usage.report("a", nth(9), USUAL // 50, story=name, epic="long")
    usage.write(database)
    lifetime = CALIBRATED.model_copy(update={"days": LIFETIME})
    baselined(database, FIRST, nth(9), lifetime)
    (done,) = detected(database, nth(9), rule=lifetime)
    (high,) = [row for row in anomalies(database) if row["metadata"]["period"] == str(nth(9))]
    assert (done.stories, high["story_id"]) == (4, id_of("a", "story", "long", "slow"))
    assert (high["story_cost_millicents"], high["metadata"]["days"]) == (24 * USUAL, "lifetime")


def test_the_check_passes_after_detection_and_names_an_anomaly_with_other_figures(
    database: Database,
) -> None:
    usage = usual_days(8)
    spend_on(usage, nth(8), {"x": 20 * USUAL, "y": USUAL})
    usage.write(database)
    baselined(database, FIRST, nth(8))
    detected(database, nth(8), rule=CALIBRATED)
    of_day = unit("a", nth(8))
    with database.tenant_transaction(id_of("a")) as connection:
        (good,) = check_anomalies(connection, of_day, rule=CALIBRATED)
        connection.execute("UPDATE cost_anomalies SET story_cost_millicents = 1")
        (bad,) = check_anomalies(connection, of_day, rule=CALIBRATED)
    assert (good.different, len(bad.different)) == ([], 1)


def test_back_at_the_references_rule_an_anomaly_no_longer_names_a_threshold(
    database: Database,
) -> None:
    usage = usual_days(6)
    spend_on(usage, nth(6), {"x": 500 * USUAL, **{f"s{n}": USUAL for n in range(6)}})
    usage.write(database)
    baselined(database, FIRST, nth(6))
    for rule, named in ((CALIBRATED, True), (AnomalyRule(), False)):
        detected(database, nth(6), rule=rule)
        (row,) = [row for row in anomalies(database) if row["anomaly_type"] == "high_cost"]
        assert bool(row["metadata"]["reason"]) is named


def stored(database: Database) -> list[tuple[Any, ...]]:
    """Return the tenant's baselines by day and project."""
    with database.tenant_transaction(id_of("a")) as connection:
        days = connection.execute("SELECT day, b.* FROM loopctl_pipelines.cost_baselines AS b")
        rows = days.fetchall()
        projects = connection.execute("SELECT day, p.* FROM loopctl_pipelines.project_baselines p")
        return sorted(rows + projects.fetchall(), key=str)


def test_the_baselines_of_a_deleted_tenant_are_forgotten(
    database: Database, instance: DagsterInstance
) -> None:
    usage = usual_days(2)
    usage.report("gone", FIRST, USUAL)
    usage.write(database)
    settings = Settings(start_date=StartDate(day=FIRST), anomaly_rule=CALIBRATED)
    project = dagster_project(database, instance, settings)
    assert project.run((FIRST, FIRST), ("a", "gone")).success
    with database.operator_transaction() as connection:
        connection.execute("SET LOCAL session_replication_role = replica")
        connection.execute("DELETE FROM tenants WHERE slug = 'gone'")
    assert _baselined(database) == {id_of("a"), id_of("gone")}
    assert project.run((FIRST, FIRST), ("a", "a")).success
    assert _baselined(database) == {id_of("a")}


def _baselined(database: Database) -> set[UUID]:
    with database.operator_transaction() as connection:
        rows = connection.execute("SELECT tenant_id FROM loopctl_pipelines.cost_baselines")
        return {tenant_id for (tenant_id,) in rows}
