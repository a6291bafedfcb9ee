"""A tick of `pending_extractions_sensor` with nothing to do, over many done documents."""

import os
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Final

import psycopg
from dagster import SensorResult, build_sensor_context

from benchmarks.daily_costs import WrongResultError
from benchmarks.knowledge_base import CLOAK_KEY, CONNECTIONS
from benchmarks.outcome import Outcome, Ratio
from benchmarks.server import server_facts, upgraded_database
from benchmarks.timing import Contender, interleave
from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.database.embedded import EmbeddedServer
from loopctl_pipelines.database.statements import statement
from loopctl_pipelines.knowledge.extraction.definitions import build_extractor
from loopctl_pipelines.knowledge.extraction.sensors import build_pending_extractions_sensor
from loopctl_pipelines.orchestration.instance import dagster_instance
from loopctl_pipelines.settings import Settings

_TENANTS = 100
_GOAL_MS: Final = 20
_TICKS = 5
_LOOK, _REST = "a look", "at rest"
_Tick = Callable[[str | None], str | None]


def extraction_ticks(server: EmbeddedServer, documents: int, rounds: int) -> Outcome:
    """Measure ticks over so many done documents: one that looks, and one after it.

    Args:
        server: gets two databases.
        documents: how many are done.
        rounds: each has five ticks of a kind.
    """
    url = upgraded_database(server, f"extraction_ticks_{documents}")
    with psycopg.connect(url, autocommit=True) as session:
        sizes = {"tenants": _TENANTS, "documents": documents}
        session.execute(statement(__package__, "fill_knowledge_tenants"), sizes)
        session.execute(statement(__package__, "fill_done_documents"), sizes)
        session.execute("VACUUM (ANALYZE)")
    with _ticks(server, url) as tick:
        cursor = tick(None)  # what is measured is the next one
        contenders = [Contender(_LOOK, lambda: tick(None)), Contender(_REST, lambda: tick(cursor))]
        times = interleave(contenders, _TICKS * rounds, perf_counter)
    found = {name: round(1000 * median(runs), 1) for name, runs in times.items()}
    return Outcome(
        "extraction-ticks",
        {
            "documents": documents,
            "tenants": _TENANTS,
            **{f"{name}, median (ms)": value for name, value in found.items()},
            f"a look takes at most {_GOAL_MS} ms": "met" if found[_LOOK] <= _GOAL_MS else "MISSED",
            **server_facts(url),
        },
        times,
        [Ratio("of a look, where nothing was changed since", _REST, _LOOK)],
        ["A tick looks only if a document, review or key was changed, or if something is due."],
    )


@contextmanager
def _ticks(server: EmbeddedServer, url: str) -> Iterator[_Tick]:
    with TemporaryDirectory() as home, closing(_database(url)) as database:
        os.environ["LOOPCTL_DAGSTER_URL"] = server.url("extraction_ticks_dagster")
        with (
            dagster_instance(Path(home)) as instance,
            closing(build_extractor(Settings(cloak_key=CLOAK_KEY), database)) as extractor,
        ):
            sensor = build_pending_extractions_sensor(most_runs=1)

            def tick(cursor: str | None) -> str | None:
                with build_sensor_context(
                    instance=instance, cursor=cursor, resources={"extractor": extractor}
                ) as context:
                    result = sensor(context)
                if not isinstance(result, SensorResult) or result.run_requests:
                    raise WrongResultError("a tick")
                return result.cursor

            yield tick


def _database(url: str) -> Database:
    return Database(url, "loopctl_app", connections=CONNECTIONS)
