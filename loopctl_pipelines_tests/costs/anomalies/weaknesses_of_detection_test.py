"""Known weaknesses of loopctl's own detection: one test each, named after the weakness."""

from concurrent.futures import ThreadPoolExecutor

from dagster import DagsterInstance

from loopctl_pipelines.anomaly_rule import AnomalyRule, Baseline
from loopctl_pipelines.costs.errors import DetectionError
from loopctl_pipelines.costs.tenant_work.per_tenant import Failed, Landed, run_per_tenant
from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.setting_reader import StartDate
from loopctl_pipelines.settings import Settings
from loopctl_pipelines_tests.costs.anomalies.deviations import (
    DAY,
    NEXT,
    ONE_HIGH,
    anomalies,
    audited,
    change,
    detected,
    figures,
    spend,
    story,
)
from loopctl_pipelines_tests.costs.interleaved import statements_of, until_it_ends_or_waits
from loopctl_pipelines_tests.costs.runs import detect, roll_up_all, unit
from loopctl_pipelines_tests.dagster_project import ANOMALIES, SUMMARIES, dagster_project
from loopctl_pipelines_tests.usage import LONG_AGO, Usage, id_of

MEDIAN = AnomalyRule(baseline=Baseline.PEER_MEDIAN)
EVEN = (250,) * 5
BIGINT_MAX = 2**63 - 1
SETTINGS = Settings(start_date=StartDate(DAY))


def _statements(database: Database) -> int:
    """Return how many statements a detection of the day has."""
    return statements_of(
        database, id_of("a"), lambda connection: detect(connection, unit("a", DAY))
    )


def test_range_then_anomaly(database: Database) -> None:
    spend(database, ONE_HIGH, DAY)
    spend(database, EVEN, NEXT)
    assert [day.opened for day in detected(database, DAY, NEXT)] == [1, 0]


def test_mean_masking(database: Database) -> None:
    spend(database, (1000, 100, 100))
    assert detected(database)[0].high_cost == 0
    assert detected(database, rule=MEDIAN)[0].high_cost == 1
    spend(database, (100_000, 1000, 100, 100, 100, 100), NEXT)
    assert detected(database, NEXT)[0].high_cost == 1
    assert detected(database, NEXT, rule=MEDIAN)[0].high_cost == 2


def test_truncated_average(database: Database) -> None:
    # the stored average is cut to whole millicents, as in loopctl; the peers' baselines are not
    for rule in (AnomalyRule(baseline=Baseline.PEER_AVERAGE), MEDIAN):
        spend(database, (30_000, 10_000, 10_001, 9_999))
        assert detected(database, rule=rule)[0].high_cost == 0
        spend(database, (30_001, 10_000, 10_001, 9_999))
        assert detected(database, rule=rule)[0].high_cost == 1
        # an average of less than a millicent switches nothing off
        spend(database, (2, 1, 0, 0, 0, 1, 1, 1))
        assert detected(database, rule=rule)[0].blind_epics == 0


def test_day_slice(database: Database) -> None:
    spend(database, (1000, 1000, 300, 300, 300))
    spend(database, (5, 1000, 300, 300, 300), NEXT)
    two_days = MEDIAN.model_copy(update={"days": 2})
    (done,) = detected(database, NEXT, rule=two_days)
    assert (done.high_cost, done.suspiciously_low) == (1, 0)
    assert figures(database) == [(story("s1"), "high_cost", "3.33")]


def test_repeat_alert_after_resolve(database: Database) -> None:
    spend(database, ONE_HIGH)
    detected(database)
    change(database, "UPDATE cost_anomalies SET resolved = true")
    for _ in range(2):
        assert detected(database)[0].opened == 0
    assert len(audited(database)) == 1


def test_archived_black_hole(database: Database) -> None:
    spend(database, ONE_HIGH)
    detected(database)
    change(database, "UPDATE cost_anomalies SET archived = true")
    spend(database, ONE_HIGH, NEXT)
    assert detected(database, NEXT)[0].opened == 1
    (visible,) = [row for row in anomalies(database) if not row["archived"]]
    assert not visible["resolved"]


def test_no_auto_resolve(database: Database) -> None:
    spend(database, ONE_HIGH)
    detected(database)
    spend(database, EVEN)
    assert detected(database)[0].resolved == 1
    assert figures(database) == []


def test_phantom_detected(database: Database) -> None:
    spend(database, ONE_HIGH)
    with database.connect() as loopctl, ThreadPoolExecutor() as pool:
        loopctl.execute(
            "INSERT INTO cost_anomalies (id, tenant_id, story_id, anomaly_type, inserted_at,"
            " updated_at, story_cost_millicents, reference_avg_millicents, deviation_factor)"
            " VALUES (gen_random_uuid(), %s, %s, 'high_cost', %s, %s, 1, 1, 1)",
            [id_of("a"), story(), LONG_AGO, LONG_AGO],
        )
        running = until_it_ends_or_waits(database, pool, lambda: detected(database))
        loopctl.commit()
        assert running.result()[0].opened == 0
    assert len(anomalies(database)) == 1
    assert audited(database) == []


def test_lost_webhooks(database: Database) -> None:
    # what tells of an anomaly is committed with it, so a crash loses both or none
    spend(database, ONE_HIGH)
    detected(database)
    (anomaly,), (entry,) = anomalies(database), audited(database)
    assert anomaly["xmin"] == entry["xmin"]


def test_detect_no_isolation(database: Database) -> None:
    spend(database, ONE_HIGH)
    usage = Usage()
    usage.tenant("a")
    usage.report("b", DAY, 1)
    usage.write(database)
    roll_up_all(database, [unit("b", DAY)])
    for _ in range(2):
        usage.report("b", DAY, BIGINT_MAX)
    usage.write(database)
    units = [unit(slug, DAY) for slug in ("a", "b")]
    ended = list(run_per_tenant(database, units, detect, DetectionError))
    assert {end.unit.tenant.slug for end in ended if isinstance(end, Failed)} == {"b"}
    assert {end.unit.tenant.slug for end in ended if isinstance(end, Landed)} == {"a"}
    assert len(figures(database)) == 1


def test_detect_n_plus_1(database: Database) -> None:
    spend(database, ONE_HIGH)
    few = _statements(database)
    spend(database, (*[9000] * 20, *[1] * 200))
    many = _statements(database)
    assert detected(database)[0].high_cost == 20
    assert few == many == 7


def test_chain_scope_leak(database: Database, instance: DagsterInstance) -> None:
    usage = Usage()
    for slug in ("a", "b"):
        usage.report(slug, DAY, 1)
    usage.write(database)
    project = dagster_project(database, instance, SETTINGS)
    ended = project.run((DAY, DAY), ("b", "b"))
    assert project.materialized(ended.run_id, ANOMALIES) == {f"{DAY}|b"}


def test_fixed_5_min_delay(database: Database, instance: DagsterInstance) -> None:
    spend(database, ONE_HIGH)
    project = dagster_project(database, instance, SETTINGS)
    graph = project.definitions.resolve_asset_graph()
    assert SUMMARIES in graph.get(ANOMALIES).parent_keys
    project.run((DAY, DAY), ("a", "a"))
    assert len(figures(database)) == 1
    spend(database, EVEN)
    project.run((DAY, DAY), ("a", "a"))
    assert figures(database) == []
