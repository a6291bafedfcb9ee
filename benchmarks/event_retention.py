"""What Dagster's storage takes for a partition, before and after its old events are deleted.

Each partition is computed three times, as nightly runs with two trailing days do, and the UI is
asked for every partition before and after: its answers have to be the same. Run it with
`python -m benchmarks.event_retention`.
"""

import os
import sys
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from time import process_time
from typing import Annotated, Any, Final

import psycopg
import typer
from psycopg import sql
from rich.console import Console

from benchmarks.dagster_ui import UiError, dagster_ui
from benchmarks.daily_costs import WrongResultError
from benchmarks.outcome import Outcome
from benchmarks.server import scratch_server, server_facts, upgraded_database
from loopctl_pipelines.cli.signals import ended_by_signals
from loopctl_pipelines.costs.job_runs import run_daily_costs
from loopctl_pipelines.costs.jobs import DAILY_COSTS
from loopctl_pipelines.costs.planning.rectangles import Rectangle
from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.database.embedded import EmbeddedServer
from loopctl_pipelines.database.statements import statement
from loopctl_pipelines.definitions import build_definitions
from loopctl_pipelines.orchestration.event_retention.retention import delete_history
from loopctl_pipelines.orchestration.event_retention.scope import Bounds, own_history
from loopctl_pipelines.orchestration.instance import dagster_home, dagster_instance
from loopctl_pipelines.partitions import partition_key, tenant_order
from loopctl_pipelines.setting_reader import StartDate
from loopctl_pipelines.settings import Settings
from loopctl_pipelines.tenants.sync import sync_tenants

RESULTS = Path(__file__).parent / "results"
_TIMES_COMPUTED: Final = 3
_TABLES: Final = ("event_logs", "asset_event_tags", "asset_check_executions")
_ASKED: Final = """
    query ($asset: [String!]!, $keys: [String!]!) {
      assetNodeOrError(assetKey: {path: $asset}) {
        ... on AssetNode {
          partitionStats { numMaterialized numMaterializing numPartitions numFailed }
          latestMaterializationByPartition(partitions: $keys) {
            runId timestamp stepKey metadataEntries { label }
            tags { key value }
          }
          %s
          assetChecksOrError {
            ... on AssetChecks {
              checks {
                name
                executionForLatestMaterialization {
                  id runId status timestamp partition
                  evaluation { success metadataEntries { label } }
                  run { id status }
                }
              }
            }
          }
        }
      }
    }
"""
_OF_PARTITION: Final = """
    run{0}: latestRunForPartition(partition: "{1}") {{ id status }}
    stale{0}: staleStatus(partition: "{1}")
"""


def event_retention(server: EmbeddedServer, tenants: int, days: int) -> Outcome:
    """Measure rows and bytes before and after, on a storage in which everything is old."""
    last = datetime.now(UTC).date() - timedelta(days=1)
    first = last - timedelta(days=days - 1)
    url, dagster_url = upgraded_database(server, "usage"), server.url("history")
    with psycopg.connect(url) as connection:
        # no foreign key is checked
        connection.execute("SET session_replication_role = replica")
        size = {"tenants": tenants, "first": first, "last": last}
        connection.execute(statement(__package__, "fill_grid"), size)
    os.environ["LOOPCTL_DAGSTER_URL"] = dagster_url
    database = Database(url, "loopctl_app")
    settings = Settings(start_date=StartDate(first))
    definitions = build_definitions(settings, resources={"database": database})
    with TemporaryDirectory() as home, dagster_instance(Path(home)) as instance:
        sync_tenants(instance, database)
        slugs = tuple(tenant_order(instance))
        job = definitions.resolve_job_def(DAILY_COSTS)
        for _ in range(_TIMES_COMPUTED):
            if failure := run_daily_costs(instance, job, Rectangle(first, last, slugs)).failure:
                raise WrongResultError(failure)
        keys = [
            partition_key(first + timedelta(days=day), slug)
            for day in range(days)
            for slug in slugs
        ]
        environment = {
            **os.environ,
            "DAGSTER_HOME": str(dagster_home(Path(home))),
            "LOOPCTL_DATABASE_URL": url,
            "LOOPCTL_HOME": home,
            "LOOPCTL_START_DATE": str(first),
        }
        shown, before = _shown(environment, keys), _sizes(dagster_url)
        bounds = Bounds(datetime.now(UTC).replace(tzinfo=None), first, (), "")
        began = process_time()
        deleted = delete_history(instance, own_history(definitions), bounds)
        took = process_time() - began
        after = _sizes(dagster_url)
        _forget_cached_statuses(dagster_url)
        if _shown(environment, keys) != shown:
            raise WrongResultError("The UI shows something else")
    database.close()
    count = len(keys)
    return Outcome(
        "event retention",
        {
            "partitions": count,
            "times each was computed": _TIMES_COMPUTED,
            **{f"rows a partition, before, {k}": round(v[0] / count, 2) for k, v in before.items()},
            **{f"rows a partition, after, {k}": round(v[0] / count, 2) for k, v in after.items()},
            "bytes a partition, before": sum(v[1] for v in before.values()) // count,
            "bytes a partition, after": sum(v[1] for v in after.values()) // count,
            "runs deleted": deleted.runs,
            "client's processor seconds": round(took, 2),
            **server_facts(url),
        },
        {"deletion, the client's processor time": [took]},
        [],
        ["The UI's answers about every partition were the same before and after."],
    )


def _shown(environment: Mapping[str, str], keys: list[Any]) -> list[Any]:
    """Return what the UI answers about each partition and check, in a process of its own."""
    command = [sys.executable, "-m", "dagster_webserver", "-m", "loopctl_pipelines.definitions"]
    of_partitions = "".join(_OF_PARTITION.format(n, key) for n, key in enumerate(keys[::7]))
    answers = []
    with dagster_ui(command, "-p", environment, Path(environment["DAGSTER_HOME"])) as ask:
        for asset in ("cost_summaries", "cost_anomalies"):
            asked = {"asset": [asset], "keys": keys}
            answer = ask(_ASKED % of_partitions, asked)["assetNodeOrError"]
            if not all(answer["latestMaterializationByPartition"]):
                raise UiError("A partition is not shown as materialized")
            answers.append(answer)
    return answers


def _sizes(url: str) -> dict[str, tuple[int, int]]:
    """Return rows and bytes of each table, without the space that deleted rows leave."""
    found = {}
    with psycopg.connect(url, autocommit=True) as connection:
        for table in _TABLES:
            name = sql.Identifier(table)
            connection.execute(sql.SQL("VACUUM (FULL, ANALYZE) {}").format(name))
            counted = sql.SQL("SELECT count(*), pg_total_relation_size({}) FROM {}")
            [row] = connection.execute(counted.format(sql.Literal(table), name)).fetchall()
            found[table] = (int(row[0]), int(row[1]))
    return found


def _forget_cached_statuses(url: str) -> None:
    with psycopg.connect(url) as connection:
        connection.execute("UPDATE asset_keys SET cached_status_data = NULL")


def main(
    tenants: Annotated[int, typer.Option(min=1, help="Tenants.")] = 50,
    days: Annotated[int, typer.Option(min=1, help="Days, up to yesterday.")] = 10,
    results: Annotated[Path, typer.Option(help="Folder of the JSON file.")] = RESULTS,
) -> None:
    """Measure what deleting Dagster's old events saves, and that the UI shows the same."""
    with scratch_server() as server:
        outcome = event_retention(server, tenants, days)
    outcome.show(Console())
    outcome.save(results, f"{datetime.now(UTC):%Y%m%dT%H%M%S}")


if __name__ == "__main__":
    ended_by_signals()(typer.run)(main)
