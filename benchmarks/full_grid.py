"""What a full grid of partitions costs each process: nightly run, web server, daemon.

All are asked for `cost_summaries` with every partition materialized. Times are of the processor, so
that other work on the machine changes them little. Run it with `python -m benchmarks.full_grid`.
"""

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from time import process_time
from typing import Annotated, Final

import psycopg
import typer
from rich.console import Console

from benchmarks.dagster_ui import UiError, dagster_ui
from benchmarks.daily_costs import WrongResultError
from benchmarks.outcome import Fact, Outcome
from benchmarks.partition_grids import PARTITIONS_PAGE, RESULTS, Grid, materialize
from benchmarks.server import scratch_server, server_facts, upgraded_database
from loopctl_pipelines.cli.signals import ended_by_signals
from loopctl_pipelines.costs.job_runs import run_daily_costs
from loopctl_pipelines.costs.jobs import DAILY_COSTS
from loopctl_pipelines.costs.planning.rectangles import Rectangle
from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.database.embedded import EmbeddedServer
from loopctl_pipelines.database.statements import statement
from loopctl_pipelines.definitions import build_definitions
from loopctl_pipelines.orchestration.instance import dagster_home, dagster_instance
from loopctl_pipelines.partitions import partition_key, tenant_order
from loopctl_pipelines.setting_reader import StartDate
from loopctl_pipelines.settings import Settings

_MODULE: Final = ("-m", "loopctl_pipelines.definitions")
_DIALOG: Final = """
    query ($asked: AssetBackfillPreviewParams!) {
      assetBackfillPreview(params: $asked) {
        assetKey { path }
        partitions { ranges { start end } partitionKeys }
      }
    }
"""
_TICKS: Final = """
    SELECT
        tick_body::json ->> 'job_name',
        max((tick_body::json ->> 'end_timestamp')::float - (tick_body::json ->> 'timestamp')::float)
    FROM job_ticks
    WHERE status <> 'STARTED'
    GROUP BY 1
    ORDER BY 2 DESC
"""
_TICKS_PER_SECOND: Final = os.sysconf("SC_CLK_TCK")


def full_grid(server: EmbeddedServer, grid: Grid, daemon_seconds: int) -> Outcome:
    """Measure the nightly run, the web server and the daemon, one after the other."""
    yesterday = datetime.now(UTC).date() - timedelta(days=1)
    first = yesterday - timedelta(days=grid.days - 1)
    url, dagster_url = upgraded_database(server, "usage"), server.url("grid")
    with psycopg.connect(url) as connection:
        # no foreign key is checked
        connection.execute("SET session_replication_role = replica")
        size = {"tenants": grid.tenants, "first": yesterday, "last": yesterday}
        connection.execute(statement(__package__, "fill_grid"), size)
        # the grid's tenants are counted from 0
        connection.execute("UPDATE tenants SET slug = 'tenant-0000' WHERE slug = %s", [_last(grid)])
    with TemporaryDirectory() as home:
        materialize(dagster_url, Path(home), grid, first, yesterday - timedelta(days=1))
        environment = {
            **os.environ,
            "DAGSTER_HOME": str(dagster_home(Path(home))),
            "LOOPCTL_DATABASE_URL": url,
            "LOOPCTL_HOME": home,
            "LOOPCTL_START_DATE": str(first),
        }
        found: dict[str, Fact] = {"grid": grid.name}
        found |= _nightly(url, Path(home), first, yesterday)
        found |= _web_server(environment, grid, first)
        found |= _daemon(environment, dagster_url, daemon_seconds)
    return Outcome("full grid", {**found, **server_facts(url)}, {}, [])


def _last(grid: Grid) -> str:
    return f"tenant-{grid.tenants:04}"


def _nightly(url: str, home: Path, first: date, day: date) -> dict[str, Fact]:
    database = Database(url, "loopctl_app")
    settings = Settings(start_date=StartDate(first))
    job = build_definitions(settings, resources={"database": database}).resolve_job_def(DAILY_COSTS)
    with dagster_instance(home) as instance:
        slugs = tuple(tenant_order(instance))
        began = process_time()
        if failure := run_daily_costs(instance, job, Rectangle(day, day, slugs)).failure:
            raise WrongResultError(failure)
        took = process_time() - began
    database.close()
    return {
        "nightly run, s of the client's processor time": round(took, 1),
        "nightly run, peak MB": _peak_megabytes([os.getpid()]),
    }


def _web_server(environment: Mapping[str, str], grid: Grid, first: date) -> dict[str, Fact]:
    command = [sys.executable, "-m", "dagster_webserver", *_MODULE]
    names = [
        partition_key(first + timedelta(days=day), f"tenant-{number:04}")
        for day in range(grid.days)
        for number in range(grid.tenants)
    ]
    selected = {"partitionNames": names, "assetSelection": [{"path": ["cost_summaries"]}]}
    found: dict[str, Fact] = {}
    with dagster_ui(command, "-p", environment, Path(environment["DAGSTER_HOME"])) as ask:
        processes = list(_descendants())
        found["web server at rest, MB"] = _peak_megabytes(processes)
        for name, query, asked in (
            ("partitions page, first", PARTITIONS_PAGE, {}),
            ("partitions page, again", PARTITIONS_PAGE, {}),
            ("backfill dialog, all partitions", _DIALOG, {"asked": selected}),
        ):
            began = _processor_seconds(processes)
            if not ask(query, asked):
                raise UiError("No answer")
            took = _processor_seconds(processes) - began
            found[f"{name}, s of the server's processor time"] = round(took, 1)
        found["web server, peak MB"] = _peak_megabytes(processes)
    return found


def _daemon(environment: Mapping[str, str], url: str, seconds: int) -> dict[str, Fact]:
    command = [str(Path(sys.executable).with_name("dagster-daemon")), "run", *_MODULE]
    daemon = subprocess.Popen(  # noqa: S603 - this interpreter
        command,
        env=dict(environment),
        cwd=environment["DAGSTER_HOME"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        time.sleep(seconds)
        processes = list(_descendants())
        found: dict[str, Fact] = {
            f"daemon, s of processor time in {seconds} s": round(_processor_seconds(processes), 1),
            "daemon, peak MB": _peak_megabytes(processes),
        }
    finally:
        daemon.terminate()
        daemon.wait()
    with psycopg.connect(url) as connection:
        ticks = connection.execute(_TICKS).fetchall()
    return {**found, **{f"longest tick of {name}, s": round(took, 2) for name, took in ticks}}


def _descendants() -> Iterator[int]:
    """Return the processes that this one has started, and theirs, but not PostgreSQL's."""
    parents = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            name, _, rest = (folder / "stat").read_text().rpartition(")")
        except OSError:
            continue
        if "python" in name or "dagster" in name:
            parents[int(folder.name)] = int(rest.split()[1])
    for process in parents:
        above = parents.get(process)
        while above is not None and above != os.getpid():
            above = parents.get(above)
        if above is not None:
            yield process


def _peak_megabytes(processes: list[int]) -> int:
    lines = [
        line
        for process in processes
        for line in Path(f"/proc/{process}/status").read_text().splitlines()
        if line.startswith("VmHWM")
    ]
    return sum(int(line.split()[1]) for line in lines) // 1024


def _processor_seconds(processes: list[int]) -> float:
    used = 0
    for process in processes:
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
        used += int(fields[11]) + int(fields[12])
    return used / _TICKS_PER_SECOND


def main(
    tenants: Annotated[int, typer.Option(min=1, help="Tenants.")] = 1000,
    days: Annotated[int, typer.Option(min=2, help="Days, up to yesterday.")] = 365,
    daemon_seconds: Annotated[int, typer.Option(min=30, help="How long the daemon runs.")] = 150,
    results: Annotated[Path, typer.Option(help="Folder of the JSON file.")] = RESULTS,
) -> None:
    """Measure what a full grid costs the nightly run, the web server and the daemon."""
    with scratch_server() as server:
        outcome = full_grid(server, Grid(tenants, days), daemon_seconds)
    outcome.show(Console())
    outcome.save(results, f"{datetime.now(UTC):%Y%m%dT%H%M%S}")


if __name__ == "__main__":
    ended_by_signals()(typer.run)(main)
