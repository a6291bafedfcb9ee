"""What the calibrated rule reports, and why."""

from dagster import DagsterInstance

from loopctl_pipelines.costs.asset_keys import ANOMALIES, BASELINES
from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.setting_reader import StartDate
from loopctl_pipelines.settings import Settings
from loopctl_pipelines_tests.costs.anomalies.deviations import anomalies
from loopctl_pipelines_tests.costs.baselines.history import (
    CALIBRATED,
    FIRST,
    USUAL,
    nth,
    spend_on,
    usual_days,
)
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
