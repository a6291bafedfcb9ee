"""A backfill of many tenants and days: on the command line, and as a click in the UI starts it.

Run it with `python -m benchmarks.reprocessing`: at its full size it takes ten minutes.
"""

import os
import subprocess
import sys
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Annotated, Any

import psycopg
import typer
from rich.console import Console

from benchmarks.dagster_ui import Ask, UiError, dagster_ui
from benchmarks.outcome import Outcome, Ratio
from benchmarks.server import scratch_server, server_facts, upgraded_database
from loopctl_pipelines.cli.signals import ended_by_signals
from loopctl_pipelines.costs.jobs import PARTITIONS_PER_RUN
from loopctl_pipelines.database.embedded import EmbeddedServer
from loopctl_pipelines.database.statements import statement
from loopctl_pipelines.partitions import partition_key

RESULTS = Path(__file__).parent / "results"
_PROGRAM = [sys.executable, "-c", "from loopctl_pipelines.cli import main; main()"]
_ASSETS = [{"path": [name]} for name in ("cost_summaries", "cost_anomalies")]
_LAUNCH = """
    mutation ($asked: LaunchBackfillParams!) {
      launchPartitionBackfill(backfillParams: $asked) {
        ... on LaunchBackfillSuccess { backfillId }
        ... on PythonError { message }
      }
    }
"""
_LOOK = """
    query ($id: String!) {
      partitionBackfillOrError(backfillId: $id) { ... on PartitionBackfill { status } }
      runsOrError(filter: {tags: [{key: "dagster/backfill", value: $id}]}) {
        ... on Runs { results { status startTime endTime } }
      }
    }
"""


def reprocessing(server: EmbeddedServer, tenants: int, days: int) -> Outcome:
    """Measure both, each on a Dagster storage of its own that knows nothing of the partitions."""
    last = datetime.now(UTC).date() - timedelta(days=1)
    first = last - timedelta(days=days - 1)
    url = upgraded_database(server, "grid")
    with psycopg.connect(url) as connection:
        # no foreign key is checked
        connection.execute("SET session_replication_role = replica")
        size = {"tenants": tenants, "first": first, "last": last}
        connection.execute(statement(__package__, "fill_grid"), size)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("VACUUM (ANALYZE)")
    keys = [
        partition_key(first + timedelta(days=day), f"tenant-{tenant:04}")
        for day in range(days)
        for tenant in range(1, tenants + 1)
    ]
    by_command = _on_the_command_line(server, url, first, last)
    launched, ended, runs = _in_the_ui(server, url, first, keys)
    steps = sum(run["endTime"] - run["startTime"] for run in runs)
    ms = {"command line": by_command, "UI": ended, "UI, within its runs": steps}
    return Outcome(
        "reprocessing",
        {
            "partitions": len(keys),
            "runs of the command line": -(-len(keys) // PARTITIONS_PER_RUN),
            "runs of the UI": len(runs),
            **{f"ms a partition, {k}": round(1000 * ms[k] / len(keys), 2) for k in ms},
            **server_facts(url),
        },
        {"command line": [by_command], "UI": [ended], "UI, until it is launched": [launched]},
        [Ratio("the UI's time by that of the command line", "UI", "command line")],
        ["Five reports a partition: what is measured is what a partition costs besides its data."],
    )


def _environment(
    server: EmbeddedServer, url: str, first: date, home: str, name: str
) -> dict[str, str]:
    return {
        **os.environ,
        "LOOPCTL_DATABASE_URL": url,
        "LOOPCTL_DAGSTER_URL": server.url(name),
        "LOOPCTL_HOME": home,
        "LOOPCTL_START_DATE": str(first),
    }


def _on_the_command_line(server: EmbeddedServer, url: str, first: date, last: date) -> float:
    with TemporaryDirectory() as home:
        environment = _environment(server, url, first, home, "dagster_command")
        started = perf_counter()
        subprocess.run(  # noqa: S603 - this interpreter
            [*_PROGRAM, "backfill", "--from", str(first), "--to", str(last)],
            check=True,
            env=environment,
            capture_output=True,
        )
        return perf_counter() - started


def _in_the_ui(
    server: EmbeddedServer, url: str, first: date, keys: list[Any]
) -> tuple[float, float, list[dict[str, Any]]]:
    """Return the seconds until it is launched and until it has ended, and its runs."""
    with TemporaryDirectory() as home:
        environment = _environment(server, url, first, home, "dagster_ui")
        with dagster_ui([*_PROGRAM, "dev"], "--port", environment, Path(home)) as ask:
            started = perf_counter()
            asked = {"assetSelection": _ASSETS, "partitionNames": keys}
            answer = ask(_LAUNCH, {"asked": asked})["launchPartitionBackfill"]
            launched = perf_counter() - started
            if "backfillId" not in answer:
                raise UiError(answer["message"])
            runs = _wait_for(ask, answer["backfillId"])
            return launched, perf_counter() - started, runs


def _wait_for(ask: Ask, backfill: str) -> list[dict[str, Any]]:
    while True:
        found = ask(_LOOK, {"id": backfill})
        status = found["partitionBackfillOrError"]["status"]
        if status == "COMPLETED_SUCCESS":
            return list(found["runsOrError"]["results"])
        if status != "REQUESTED":
            raise UiError(f"The backfill is {status}")
        time.sleep(1)


def main(
    tenants: Annotated[int, typer.Option(min=1, help="Tenants.")] = 100,
    days: Annotated[int, typer.Option(min=1, help="Days, up to yesterday.")] = 365,
    results: Annotated[Path, typer.Option(help="Folder of the JSON file.")] = RESULTS,
) -> None:
    """Measure a backfill of all days of all tenants, on the command line and in the UI."""
    with scratch_server() as server:
        outcome = reprocessing(server, tenants, days)
    outcome.show(Console())
    outcome.save(results, f"{datetime.now(UTC):%Y%m%dT%H%M%S}")


if __name__ == "__main__":
    ended_by_signals()(typer.run)(main)
