"""Batches of events in processes that Dagster starts: a run that its default launcher launches."""

import json
import os
import subprocess
import sys
from datetime import date
from pathlib import Path

import psycopg
import pytest
from dagster import DagsterInstance

from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.orchestration.instance_storage import PooledPostgresStorage
from loopctl_pipelines.partitions import partition_range, range_tags
from loopctl_pipelines.setting_reader import StartDate
from loopctl_pipelines.settings import Settings
from loopctl_pipelines_tests.dagster_project import dagster_project
from loopctl_pipelines_tests.usage import Usage

FIRST = date(2026, 4, 1)
LAST = date(2026, 4, 3)
SIZE = "DAGSTER_EVENT_BATCH_SIZE"

# without the queue, which needs a daemon
INSTANCE = """
storage:
  custom:
    module: loopctl_pipelines.dagster_storage
    class: PooledPostgresStorage
    config:
      postgres_url:
        env: LOOPCTL_DAGSTER_URL
run_coordinator:
  module: dagster.core.run_coordinator
  class: DefaultRunCoordinator
telemetry:
  enabled: false
"""


def test_a_launched_run_stores_the_events_of_an_asset_with_one_statement(
    database: Database,
    database_url: str,
    instance: DagsterInstance,
    dagster_url: str,
    tmp_path: Path,
) -> None:
    usage = Usage()
    for slug in ("a", "b", "c"):
        usage.report(slug, FIRST, 1000)
    usage.write(database)
    dagster_project(database, instance, Settings(start_date=StartDate(FIRST)))
    _launch(tmp_path / "dagster_home", database_url, dagster_url)
    with psycopg.connect(dagster_url) as connection:
        # the rows that one statement has inserted have one xmin
        stored = connection.execute(
            "SELECT dagster_event_type, asset_key, count(*), count(DISTINCT xmin::text)"
            " FROM event_logs WHERE asset_key IS NOT NULL AND partition IS NOT NULL"
            " GROUP BY dagster_event_type, asset_key"
        ).fetchall()
    assert sorted(stored) == [
        (kind, f'["{asset}"]', 9, 1)
        for kind in ("ASSET_MATERIALIZATION", "ASSET_MATERIALIZATION_PLANNED")
        for asset in ("cost_anomalies", "cost_summaries")
    ]


def _launch(home: Path, database_url: str, dagster_url: str) -> None:
    """Launch `daily_costs` over three tenants and days, and wait for its end."""
    home.mkdir()
    (home / "dagster.yaml").write_text(INSTANCE)
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(("DAGSTER", "LOOPCTL"))}
    tags = range_tags(partition_range((FIRST, LAST), ("a", "c")))
    # the pipes are closed when the launched run, which inherits them, has ended
    subprocess.run(
        [
            *(sys.executable, "-m", "dagster", "job", "launch"),
            *("-m", "loopctl_pipelines.definitions", "-j", "daily_costs"),
            *("--tags", json.dumps(tags)),
        ],
        env={
            **inherited,
            "DAGSTER_HOME": str(home),
            "LOOPCTL_DAGSTER_URL": dagster_url,
            "LOOPCTL_DATABASE_URL": database_url,
            "LOOPCTL_START_DATE": str(FIRST),
        },
        cwd=home,
        capture_output=True,
        check=True,
    )


def test_a_process_that_loads_the_storage_stores_events_in_batches(
    dagster_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # set first, so that the variable is as it was after the test
    monkeypatch.setenv(SIZE, "")
    monkeypatch.delenv(SIZE)
    PooledPostgresStorage.from_config_value(None, {"postgres_url": dagster_url})
    assert os.environ[SIZE] == "1000"


def test_an_operators_own_size_of_batches_stays(
    dagster_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(SIZE, "50")
    PooledPostgresStorage.from_config_value(None, {"postgres_url": dagster_url})
    assert os.environ[SIZE] == "50"
