"""The nightly job on two Celery workers, one of which is killed. `make test-celery` runs it."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import psycopg
import pytest
from dagster import DagsterEventType, DagsterInstance, DagsterRun, DagsterRunStatus, RunsFilter

from loopctl_pipelines.costs.jobs import DAILY_COSTS
from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.orchestration.heartbeats.dead_runs import end_dead_runs, has_died
from loopctl_pipelines.partitions import partition_range, range_tags
from loopctl_pipelines.setting_reader import StartDate
from loopctl_pipelines.settings import Settings
from loopctl_pipelines_tests.dagster_project import SUMMARIES, DagsterProject, dagster_project
from loopctl_pipelines_tests.deploy.celery_workers import (
    Worker,
    redis,
    until,
    workers,
    write_instance,
)
from loopctl_pipelines_tests.usage import Usage, id_of

FIRST = date(2026, 4, 1)
LAST = date(2026, 4, 3)
DAYS = [f"2026-04-0{day}" for day in (1, 2, 3)]
FAILING = f"""
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'refused by the test'; END $$;
CREATE TRIGGER refused BEFORE INSERT ON cost_summaries
FOR EACH ROW WHEN (NEW.tenant_id = '{id_of("b")}') EXECUTE FUNCTION refuse();
"""


class Night:
    """Runs of the nightly job in a queue, and their results."""

    def __init__(
        self, project: DagsterProject, environment: dict[str, str], dagster_url: str, home: Path
    ) -> None:
        self.instance = project.instance
        self._project = project
        self._environment = environment
        self._dagster_url = dagster_url
        self._home = home

    def request(self, first: str, last: str) -> str:
        """Request a run over a range of tenants; return its id once it is queued."""
        before = {run.run_id for run in self.instance.get_runs()}
        tags = range_tags(partition_range((FIRST, LAST), (first, last)))
        subprocess.run(
            [
                *(sys.executable, "-m", "dagster", "job", "launch"),
                *("-m", "loopctl_pipelines.definitions", "-j", DAILY_COSTS),
                *("--tags", json.dumps(tags)),
            ],
            env=self._environment,
            cwd=self._home,
            capture_output=True,
            check=True,
        )
        [new] = {run.run_id for run in self.instance.get_runs()} - before
        return new

    def run(self, run_id: str) -> DagsterRun:
        run = self.instance.get_run_by_id(run_id)
        assert run
        return run

    def wait(self, run_id: str) -> DagsterRunStatus:
        until(lambda: self.run(run_id).is_finished)
        return self.run(run_id).status

    def process_of(self, run_id: str) -> int | None:
        """Return the process that works on a run."""
        with psycopg.connect(self._dagster_url) as connection:
            row = connection.execute(
                "SELECT pid FROM loopctl_run_heartbeats WHERE run_id = %s AND is_worker", [run_id]
            ).fetchone()
        return int(row[0]) if row else None

    def landed(self, run_id: str) -> set[str]:
        return self._project.materialized(run_id, SUMMARIES)

    def starts(self) -> list[int]:
        """Return how often each run has begun."""
        return [
            len(self.instance.all_logs(run.run_id, of_type=DagsterEventType.RUN_START))
            for run in self.instance.get_runs(RunsFilter(job_name=DAILY_COSTS))
        ]


@pytest.fixture
def night(
    database: Database,
    database_url: str,
    instance: DagsterInstance,
    dagster_url: str,
    tmp_path: Path,
) -> Iterator[tuple[Night, list[Worker]]]:
    usage = Usage()
    for slug in "abcdef":
        for day in (1, 2, 3):
            usage.report(slug, date(2026, 4, day), 1000 * day)
    usage.write(database)
    project = dagster_project(database, instance, Settings(start_date=StartDate(FIRST)))
    home = tmp_path / "celery"
    write_instance(home)
    with redis() as broker:
        environment = {
            **{k: v for k, v in os.environ.items() if not k.startswith(("DAGSTER", "LOOPCTL"))},
            **broker,
            "DAGSTER_HOME": str(home),
            "LOOPCTL_DAGSTER_URL": dagster_url,
            "LOOPCTL_DATABASE_URL": database_url,
            "LOOPCTL_START_DATE": str(FIRST),
        }
        with workers(environment, home) as started:
            yield Night(project, environment, dagster_url, home), started


@contextmanager
def _held(database_url: str, slug: str) -> Iterator[None]:
    """Hold a tenant's row, so that the tenant's transaction waits."""
    with psycopg.connect(database_url) as connection:
        connection.execute("SELECT FROM tenants WHERE slug = %s FOR UPDATE", [slug])
        yield
        connection.rollback()


def _partitions(slugs: str) -> set[str]:
    return {f"{day}|{slug}" for day in DAYS for slug in slugs}


def _rows(database_url: str, statement: str) -> list[tuple[object, ...]]:
    with psycopg.connect(database_url) as connection:
        return connection.execute(statement).fetchall()


def test_a_tenant_that_fails_and_a_worker_that_is_killed_cost_the_others_nothing(
    night: tuple[Night, list[Worker]], database_url: str
) -> None:
    queue, both = night
    with psycopg.connect(database_url) as connection:
        connection.execute(FAILING)

    with _held(database_url, "e"):
        killed = queue.request("d", "f")
        until(lambda: queue.process_of(killed))
        process = queue.process_of(killed)
        assert process
        [busy] = [worker for worker in both if worker.has(process)]

        # the other worker takes the next run meanwhile
        other = queue.request("a", "c")
        assert queue.wait(other) is DagsterRunStatus.FAILURE
        assert queue.landed(other) == _partitions("ac")

        assert end_dead_runs(queue.instance) == {}
        busy.kill()
        [cause] = end_dead_runs(queue.instance).values()
        assert "is gone" in cause
        assert has_died(queue.run(killed))
        assert queue.run(killed).status is DagsterRunStatus.FAILURE

    again = queue.request("d", "f")
    assert queue.wait(again) is DagsterRunStatus.SUCCESS
    assert queue.landed(again) == _partitions("def")

    # no run was handed to a second worker, and no report is counted twice
    assert queue.starts() == [1, 1, 1]
    reported = _rows(
        database_url,
        "SELECT t.slug, r.inserted_at::date, sum(r.cost_millicents) FROM token_usage_reports AS r"
        " JOIN tenants AS t ON t.id = r.tenant_id WHERE t.slug <> 'b' GROUP BY 1, 2 ORDER BY 1, 2",
    )
    summarized = _rows(
        database_url,
        "SELECT t.slug, s.period_start, sum(s.total_cost_millicents) FROM cost_summaries AS s"
        " JOIN tenants AS t ON t.id = s.tenant_id WHERE s.scope_type = 'project'"
        " GROUP BY 1, 2 ORDER BY 1, 2",
    )
    assert len(reported) == 15
    assert summarized == reported
