"""A tick of `pending_embeddings_sensor` with nothing to do, over ever more and longer articles."""

import os
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

import psycopg
from dagster import DagsterInstance, SensorResult, build_sensor_context

from benchmarks.daily_costs import WrongResultError
from benchmarks.knowledge_base import CLOAK_KEY, CONNECTIONS, fill_knowledge
from benchmarks.outcome import Outcome, Ratio
from benchmarks.provider_process import KEY
from benchmarks.server import server_facts, upgraded_database
from benchmarks.timing import Contender, interleave
from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.database.embedded import EmbeddedServer
from loopctl_pipelines.database.statements import statement
from loopctl_pipelines.knowledge.embedding.definitions import build_embedder
from loopctl_pipelines.knowledge.embedding.sensors import build_pending_embeddings_sensor
from loopctl_pipelines.orchestration.instance import dagster_instance
from loopctl_pipelines.settings import Settings

_TENANTS = 100
_SHORT, _LONG = 20, 1_000
# no tick reads them, and they would take most of the time to fill the tables
_UNUSED_INDEXES = (
    "articles_search_vector_idx, articles_embedding_hnsw_idx, articles_metadata_index,"
    " articles_tags_index, articles_okf_loopctl_id_idx"
)


def ticks(server: EmbeddedServer, articles: int, rounds: int) -> Outcome:
    """Compare ticks over a hundredth, a tenth and all of so many articles that are up to date."""
    few, more, many = articles // 100, articles // 10, articles
    sizes = {
        f"a look at {few:,}": (few, _SHORT),
        f"a look at {few:,} of fifty times the length": (few, _LONG),
        f"a look at {more:,}": (more, _SHORT),
        f"a look at {many:,}": (many, _SHORT),
    }
    short, long, _, largest = sizes
    with TemporaryDirectory() as home:
        os.environ["LOOPCTL_DAGSTER_URL"] = server.url("ticks_dagster")
        with dagster_instance(Path(home)) as instance:
            tables = {name: _Tables(server, instance, *size) for name, size in sizes.items()}
            rest = f"at rest over {many:,}"
            contenders = [Contender(name, table.look) for name, table in tables.items()]
            contenders.append(Contender(rest, tables[largest].rest))
            for table in tables.values():
                table.look()  # what is measured is the next one
            times = interleave(contenders, rounds, perf_counter)
            facts = server_facts(tables[largest].url)
            for table in tables.values():
                table.close()
    return Outcome(
        "ticks",
        {"articles": articles, "tenants": _TENANTS, **facts},
        times,
        [
            Ratio("times a look at short ones, for long bodies", long, short, most=1.5),
            Ratio("times a look at a hundredth", largest, short, most=100),
            Ratio("of a look, where nothing was changed since", rest, largest),
        ],
        ["A tick looks only if an article, key or model was changed, or if something is due."],
    )


class _Tables:
    """A database in which every article is up to date, and the sensor that looks at it."""

    def __init__(
        self, server: EmbeddedServer, instance: DagsterInstance, articles: int, words: int
    ) -> None:
        self.url = upgraded_database(server, f"ticks_{articles}_{words}")
        self._instance = instance
        self._cursor: str | None = None
        with psycopg.connect(self.url, autocommit=True) as session:
            session.execute("SET session_replication_role = replica")
            session.execute(f"DROP INDEX {_UNUSED_INDEXES}".encode())
            fill_knowledge(session, tenants=_TENANTS, articles=articles, words=words, key=KEY)
            session.execute(statement(__package__, "fill_embedding_states"))
            session.execute("VACUUM (ANALYZE)")
        self._database = Database(self.url, "loopctl_app", connections=CONNECTIONS)
        self._embedder = build_embedder(Settings(cloak_key=CLOAK_KEY), self._database)
        self._sensor = build_pending_embeddings_sensor(most_runs=1)

    def look(self) -> None:
        """Make a tick that knows of none before it."""
        self._cursor = self._tick(None)

    def rest(self) -> None:
        """Make a tick after one that found nothing to do."""
        self._tick(self._cursor)

    def close(self) -> None:
        """Close the connections."""
        self._embedder.close()
        self._database.close()

    def _tick(self, cursor: str | None) -> str | None:
        with build_sensor_context(
            instance=self._instance, cursor=cursor, resources={"embedder": self._embedder}
        ) as context:
            result = self._sensor(context)
        if not isinstance(result, SensorResult) or result.run_requests:
            raise WrongResultError("a tick")
        return result.cursor
