"""The weekly job deletes what its setting says, and reports the numbers."""

from datetime import date

import pytest
from dagster import AssetMaterialization, DagsterInstance

from loopctl_pipelines.definitions import build_definitions
from loopctl_pipelines.orchestration.event_retention.definitions import WEEKLY_EVENT_RETENTION
from loopctl_pipelines.setting_reader import StartDate
from loopctl_pipelines.settings import Settings
from loopctl_pipelines_tests.dagster_project import SUMMARIES

_QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


@pytest.mark.parametrize(("days", "kept"), [(90, 1), (0, 2)])
def test_events_older_than_the_setting_are_deleted_and_none_if_it_is_0(
    instance: DagsterInstance, days: int, kept: int
) -> None:
    settings = Settings(start_date=StartDate(date(2026, 1, 1)), dagster_retention_days=days)
    job = build_definitions(settings).resolve_job_def(WEEKLY_EVENT_RETENTION)
    for _ in range(2):
        done = AssetMaterialization(SUMMARIES, partition="2026-04-01|a")
        instance.report_runless_asset_event(done)
    with instance.event_log_storage.index_connection() as connection:  # type: ignore[attr-defined]
        connection.exec_driver_sql("UPDATE event_logs SET timestamp = '2026-01-01'")
    result = job.execute_in_process(instance=instance, run_config=_QUIET)
    assert result.success
    assert len(instance.fetch_materializations(SUMMARIES, 5).records) == kept
