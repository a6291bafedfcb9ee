"""A night of many tenants, as one run and cut into runs for two Celery workers: times, and tables.

It needs Debian's redis-server and the packages of the image: `make celery-night` runs it.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import psycopg
import typer
from dagster import DagsterInstance, DagsterRunStatus, PartitionKeyRange
from rich.console import Console
from rich.table import Table

from benchmarks.server import scratch_server, upgraded_database
from benchmarks.usage_generator import DAY, fill_day
from loopctl_pipelines.cli.signals import ended_by_signals
from loopctl_pipelines.costs.jobs import DAILY_COSTS
from loopctl_pipelines.costs.nights import night_parts
from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.database.statements import statement
from loopctl_pipelines.partitions import partition_range, range_tags, tenant_order
from loopctl_pipelines.settings import Settings
from loopctl_pipelines.tenants.operator_queries import list_tenants
from loopctl_pipelines.tenants.sync import sync_tenants
from loopctl_pipelines_tests.deploy.celery_workers import redis, until, workers, write_instance

_EMPTY = b"TRUNCATE cost_summaries, cost_anomalies, audit_log"
_DIGESTS = ("summaries_digest", "anomalies_digest")


def celery_night(
    tenants: Annotated[int, typer.Option(min=1, help="Tenants.")] = 1_000,
    reports: Annotated[int, typer.Option(min=1, help="Reports of the day.")] = 1_000_000,
    runs: Annotated[int, typer.Option(min=2, help="Runs for the two workers.")] = 4,
) -> None:
    """Compute a night both ways, and end with exit code 1 if the tables differ."""
    table = Table("runs on two workers", "seconds", "tables are those of one run")
    results = []
    with scratch_server() as server, TemporaryDirectory() as folder, redis() as broker:
        url = upgraded_database(server, "costs")
        fill_day(url, reports=reports, tenants=tenants)
        home = Path(folder) / "celery"
        write_instance(home)
        environment = _environment(url, server.url("dagster"), home) | broker
        with _opened(environment, home) as instance, closing(Database(url, "loopctl_app")) as db:
            sync_tenants(instance, db)
            for number in (1, runs):
                _row(url, _EMPTY)
                seconds = _night(instance, environment, home, _parts(instance, db, number))
                results.append([_row(url, statement("benchmarks", name)) for name in _DIGESTS])
                equal = "yes" if results[-1] == results[0] else "NO"
                table.add_row(str(number), f"{seconds:.1f}", equal)
    Console().print(table)
    if results[0] != results[1]:
        sys.exit(1)


def _environment(url: str, dagster_url: str, home: Path) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("DAGSTER", "LOOPCTL"))}
    return {
        **kept,
        "DAGSTER_HOME": str(home),
        "LOOPCTL_DAGSTER_URL": dagster_url,
        "LOOPCTL_DATABASE_URL": url,
        "LOOPCTL_START_DATE": str(DAY),
    }


@contextmanager
def _opened(environment: Mapping[str, str], home: Path) -> Iterator[DagsterInstance]:
    os.environ.update(environment)
    with DagsterInstance.from_config(str(home)) as instance:
        yield instance


def _parts(instance: DagsterInstance, database: Database, runs: int) -> list[PartitionKeyRange]:
    tenants = list_tenants(database)
    active = [tenants[slug] for slug in tenant_order(instance)]
    whole = partition_range((DAY, DAY), (active[0].slug, active[-1].slug))
    return night_parts(database, active, whole, Settings(runs_per_night=runs))


def _night(
    instance: DagsterInstance,
    environment: Mapping[str, str],
    home: Path,
    parts: list[PartitionKeyRange],
) -> float:
    """Queue the runs, then start the workers; return the seconds until all runs have ended."""
    before = {run.run_id for run in instance.get_runs()}
    for part in parts:
        _launch(environment, home, part)
    with workers(environment, home):
        begun = time.monotonic()

        def have_ended() -> bool:
            queued = [run for run in instance.get_runs() if run.run_id not in before]
            failed = [run for run in queued if run.status is DagsterRunStatus.FAILURE]
            if failed:
                raise RuntimeError(f"{len(failed)} runs failed")
            return all(run.status is DagsterRunStatus.SUCCESS for run in queued)

        until(have_ended)
        return time.monotonic() - begun


def _launch(environment: Mapping[str, str], home: Path, part: PartitionKeyRange) -> None:
    subprocess.run(  # noqa: S603 - this interpreter
        [
            *(sys.executable, "-m", "dagster", "job", "launch"),
            *("-m", "loopctl_pipelines.definitions", "-j", DAILY_COSTS),
            *("--tags", json.dumps(range_tags(part))),
        ],
        env=dict(environment),
        cwd=home,
        capture_output=True,
        check=True,
    )


def _row(url: str, text: bytes) -> tuple[object, ...]:
    with psycopg.connect(url, autocommit=True) as connection:
        cursor = connection.execute(text)
        return (cursor.fetchone() or ()) if cursor.description else ()


if __name__ == "__main__":
    ended_by_signals()(typer.run)(celery_night)
