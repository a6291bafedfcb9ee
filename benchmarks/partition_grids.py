"""How long the Dagster UI takes for the partitions of `cost_summaries`, for ever larger grids.

Run it with `python -m benchmarks.partition_grids`: it takes some minutes.
"""

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Annotated, Final

import psycopg
import typer
from dagster import AssetMaterialization
from rich.console import Console

from benchmarks.dagster_ui import UiError, dagster_ui
from benchmarks.outcome import Outcome, Ratio
from benchmarks.server import scratch_server, server_facts
from loopctl_pipelines.cli.signals import ended_by_signals
from loopctl_pipelines.database.embedded import EmbeddedServer
from loopctl_pipelines.database.statements import statement
from loopctl_pipelines.definitions import build_definitions
from loopctl_pipelines.orchestration.event_retention.retention import delete_history
from loopctl_pipelines.orchestration.event_retention.scope import Bounds, own_history
from loopctl_pipelines.orchestration.instance import dagster_home, dagster_instance
from loopctl_pipelines.partitions import partition_key
from loopctl_pipelines.setting_reader import StartDate
from loopctl_pipelines.settings import Settings

RESULTS = Path(__file__).parent / "results"
# before all windows; the event of this day's partition is repeated for the others
_BEFORE = date(2001, 1, 1)
PARTITIONS_PAGE = """
    query {
      assetNodeOrError(assetKey: {path: ["cost_summaries"]}) {
        ... on AssetNode {
          partitionKeysByDimension { name type partitionKeys }
          partitionStats { numMaterialized numMaterializing numPartitions numFailed }
          assetPartitionStatuses {
            ... on MultiPartitionStatuses {
              primaryDimensionName
              ranges {
                primaryDimStartKey primaryDimEndKey
                secondaryDim {
                  ... on DefaultPartitionStatuses {
                    materializedPartitions materializingPartitions failedPartitions
                  }
                  ... on TimePartitionStatuses { ranges { status startKey endKey } }
                }
              }
            }
          }
        }
      }
    }
"""
"""What the page asks for that shows an asset's partitions, without which it shows nothing."""


@dataclass(frozen=True, slots=True)
class Grid:
    """Partitions that are all materialized.

    Attributes:
        tenants: their number.
        days: how far back materializations go.
        window: LOOPCTL_START_DATE as a number of days back; None: as far as they go.
    """

    tenants: int
    days: int
    window: int | None = None

    @property
    def name(self) -> str:
        """Its size in words."""
        shown = self.window or self.days
        rolling = f" (-{self.window}d of {self.days})" if self.window else ""
        return f"{self.tenants * shown:,} = {self.tenants:,} x {shown}{rolling}"


GRIDS: Final = (Grid(28, 365), Grid(274, 365), Grid(1000, 365), Grid(1000, 365, window=90))


def partition_grids(server: EmbeddedServer, grids: Sequence[Grid], rounds: int) -> Outcome:
    """Measure the partitions page: the first look, looks after that, and after a nightly run."""
    times: dict[str, list[float]] = {}
    yesterday = datetime.now(UTC).date() - timedelta(days=1)
    for number, grid in enumerate(grids):
        url = server.url(f"grid_{number}")
        first = yesterday - timedelta(days=grid.days - 1)
        start = f"-{grid.window}d" if grid.window else str(first)
        with TemporaryDirectory() as home:
            materialize(url, Path(home), grid, first, yesterday - timedelta(days=1))
            with _web_server(server, url, Path(home), start) as ask:
                times[f"{grid.name}: first look"] = [ask()]
                times[f"{grid.name}: again"] = [ask() for _ in range(rounds)]
                nightly = []
                for _ in range(rounds):
                    _add(url, yesterday, yesterday)
                    nightly.append(ask())
                times[f"{grid.name}: after a nightly run"] = nightly
            if grid.window:
                began = perf_counter()
                _delete_history(url, Path(home), yesterday - timedelta(days=grid.window - 1))
                times[f"{grid.name}: deletion of the other days' events"] = [perf_counter() - began]
                with _web_server(server, url, Path(home), start) as ask:
                    times[f"{grid.name}: first look after that"] = [ask()]
    small = f"{grids[0].name}: again"
    facts = {"asset": "cost_summaries", **server_facts(server.url("postgres"))}
    ratios = [
        Ratio(f"{grid.name}, times the smallest grid", f"{grid.name}: again", small)
        for grid in grids[1:]
    ]
    return Outcome("partition grids", facts, times, ratios)


def materialize(url: str, home: Path, grid: Grid, first: date, last: date) -> None:
    """Fill a new storage of Dagster's with a materialization of each partition."""
    os.environ["LOOPCTL_DAGSTER_URL"] = url
    with dagster_instance(home) as instance:
        slugs = [f"tenant-{number:04}" for number in range(grid.tenants)]
        instance.add_dynamic_partitions("tenants", slugs)
        done = AssetMaterialization("cost_summaries", partition=partition_key(_BEFORE, slugs[0]))
        instance.report_runless_asset_event(done)
    _add(url, first, last)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("VACUUM (ANALYZE) event_logs")


def _add(url: str, first: date, last: date) -> None:
    with psycopg.connect(url) as connection:
        asked = {"first": first, "last": last, "done": f"{_BEFORE}|tenant-0000"}
        connection.execute(statement(__package__, "add_materializations"), asked)


def _delete_history(url: str, home: Path, first: date) -> None:
    own = own_history(build_definitions(Settings(start_date=StartDate(first))))
    now = datetime.now(UTC).replace(tzinfo=None)
    with dagster_instance(home) as instance:
        delete_history(instance, own, Bounds(now, first, (), ""))
    with psycopg.connect(url, autocommit=True) as connection:
        # the cache of Dagster's, as when the window has moved; and what autovacuum does
        connection.execute("UPDATE asset_keys SET cached_status_data = NULL")
        connection.execute("VACUUM (ANALYZE) event_logs")


@contextmanager
def _web_server(
    server: EmbeddedServer, url: str, home: Path, start: str
) -> Iterator[Callable[[], float]]:
    """Give out a function that asks for the partitions page and returns the seconds it took."""
    folder = dagster_home(home)
    environment = {
        **os.environ,
        "DAGSTER_HOME": str(folder),
        "LOOPCTL_DAGSTER_URL": url,
        "LOOPCTL_DATABASE_URL": server.url("postgres"),
        "LOOPCTL_HOME": str(home),
        "LOOPCTL_START_DATE": start,
    }
    command = [sys.executable, "-m", "dagster_webserver", "-m", "loopctl_pipelines.definitions"]
    with dagster_ui(command, "-p", environment, folder) as ask:

        def look() -> float:
            started = perf_counter()
            found = ask(PARTITIONS_PAGE, {})["assetNodeOrError"]
            took = perf_counter() - started
            if not found.get("assetPartitionStatuses"):
                raise UiError("The asset's partitions are not shown")
            return took

        yield look


def main(
    rounds: Annotated[int, typer.Option(min=1, help="Looks at each grid.")] = 3,
    results: Annotated[Path, typer.Option(help="Folder of the JSON file.")] = RESULTS,
) -> None:
    """Measure how the UI's response time grows with the partitions of an asset."""
    console = Console()
    with scratch_server() as server:
        outcome = partition_grids(server, GRIDS, rounds)
    outcome.show(console)
    outcome.save(results, f"{datetime.now(UTC):%Y%m%dT%H%M%S}")


if __name__ == "__main__":
    ended_by_signals()(typer.run)(main)
