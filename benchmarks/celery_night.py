"""A night of many tenants on two Celery workers, against one process; the tables have to be equal.

Run it with `.venv-image/bin/python -m benchmarks.celery_night`, after `make .venv-image/installed`;
it needs redis-server.
"""

import json
import os
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Annotated

import psycopg
import typer
from dagster import DagsterInstance, DagsterRunStatus
from rich.console import Console

from benchmarks.daily_costs import WrongResultError
from benchmarks.outcome import Outcome, Ratio
from benchmarks.partition_grids import RESULTS
from benchmarks.server import scratch_server, server_facts, upgraded_database
from loopctl_pipelines.cli.signals import ended_by_signals
from loopctl_pipelines.costs.jobs import DAILY_COSTS
from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.database.embedded import EmbeddedServer
from loopctl_pipelines.database.statements import statement
from loopctl_pipelines.orchestration.instance import dagster_instance
from loopctl_pipelines.partitions import partition_range, range_tags, tenant_order
from loopctl_pipelines.tenants.sync import sync_tenants
from loopctl_pipelines_tests.deploy.celery_workers import redis, until, workers, write_instance


def celery_night(server: EmbeddedServer, tenants: int) -> Outcome:
    """Measure one run over all tenants, then two runs over half of them each, side by side."""
    day = datetime.now(UTC).date() - timedelta(days=1)
    url = upgraded_database(server, "usage")
    with psycopg.connect(url) as connection:
        # no foreign key is checked
        connection.execute("SET session_replication_role = replica")
        size = {"tenants": tenants, "first": day, "last": day}
        connection.execute(statement(__package__, "fill_grid"), size)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("VACUUM (ANALYZE)")
    one, its_tables = _night(server, url, day, 1)
    with psycopg.connect(url) as connection:
        connection.execute("TRUNCATE cost_summaries, cost_anomalies, audit_log CASCADE")
    two, their_tables = _night(server, url, day, 2)
    if its_tables != their_tables:
        raise WrongResultError("The tables differ")
    return Outcome(
        "a night on Celery workers",
        {"tenants": tenants, **server_facts(url)},
        {"one worker": [one], "two workers": [two]},
        [Ratio("times faster on two workers", "one worker", "two workers")],
        [
            "Five reports a tenant. From the first run's start to the last one's end, so without",
            "the 3 s in which a worker starts a process for a run. The tables are equal.",
        ],
    )


def _night(
    server: EmbeddedServer, url: str, day: date, parts: int
) -> tuple[float, list[tuple[object, ...]]]:
    """Return the seconds that a night of so many runs takes, and digests of its tables."""
    os.environ["LOOPCTL_DAGSTER_URL"] = dagster_url = server.url(f"night_of_{parts}")
    database = Database(url, "loopctl_app")
    with (
        TemporaryDirectory() as folder,
        redis() as broker,
        dagster_instance(Path(folder)) as instance,
    ):
        sync_tenants(instance, database)
        slugs = list(tenant_order(instance))
        home = Path(folder) / "celery"
        write_instance(home)
        environment = {
            **os.environ,
            **broker,
            "DAGSTER_HOME": str(home),
            "LOOPCTL_DAGSTER_URL": dagster_url,
            "LOOPCTL_DATABASE_URL": url,
            "LOOPCTL_START_DATE": str(day),
        }
        of_part = -(-len(slugs) // parts)
        with workers(environment, home):
            launched = [
                _launch(environment, home, day, slugs[at : at + of_part])
                for at in range(0, len(slugs), of_part)
            ]
            for each in launched:
                each.wait()
            seconds = _wait(instance, parts)
    database.close()
    with psycopg.connect(url) as connection:
        digests = [
            connection.execute(statement(__package__, name)).fetchall()[0]
            for name in ("summaries_digest", "anomalies_digest")
        ]
    return seconds, digests


def _launch(
    environment: dict[str, str], home: Path, day: date, slugs: list[str]
) -> "subprocess.Popen[bytes]":
    tags = range_tags(partition_range((day, day), (slugs[0], slugs[-1])))
    command = ["dagster", "job", "launch", "-m", "loopctl_pipelines.definitions"]
    return subprocess.Popen(  # noqa: S603 - this interpreter
        [sys.executable, "-m", *command, "-j", DAILY_COSTS, "--tags", json.dumps(tags)],
        env=environment,
        cwd=home,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def _wait(instance: DagsterInstance, parts: int) -> float:
    began = perf_counter()

    def have_ended() -> bool:
        if perf_counter() - began > 600:
            raise WrongResultError("The night does not end")
        found = instance.get_run_records()
        return len(found) == parts and all(each.dagster_run.is_finished for each in found)

    until(have_ended)
    records = instance.get_run_records()
    if any(each.dagster_run.status is not DagsterRunStatus.SUCCESS for each in records):
        raise WrongResultError("A run has failed")
    starts = [each.start_time for each in records if each.start_time]
    ends = [each.end_time for each in records if each.end_time]
    return max(ends) - min(starts)


def main(
    tenants: Annotated[int, typer.Option(min=2, help="Tenants.")] = 1000,
    results: Annotated[Path, typer.Option(help="Folder of the JSON file.")] = RESULTS,
) -> None:
    """Measure a night on two Celery workers against one, and compare the tables."""
    with scratch_server() as server:
        outcome = celery_night(server, tenants)
    outcome.show(Console())
    outcome.save(results, f"{datetime.now(UTC):%Y%m%dT%H%M%S}")


if __name__ == "__main__":
    ended_by_signals()(typer.run)(main)
