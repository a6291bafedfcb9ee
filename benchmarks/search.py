"""Searches of one large tenant over HTTP, beside a bare vector query and a bare query of words."""

from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from statistics import quantiles
from time import perf_counter
from typing import Annotated, Final
from uuid import UUID

import psycopg
import typer
from rich.console import Console

from benchmarks.api_process import BareWork, api_process
from benchmarks.http_load import Load, LoadProcess
from benchmarks.outcome import Outcome, Ratio
from benchmarks.provider_process import KEY, provider_process, vector_of
from benchmarks.server import scratch_server, server_facts, upgraded_database
from benchmarks.text_vectors import fill_tenant, indexed_afterwards
from benchmarks.timing import Contender, interleave
from loopctl_pipelines.cli.signals import ended_by_signals
from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.database.statements import statement
from loopctl_pipelines.knowledge.embedding.texts.text import DEFAULT_DIMENSION
from loopctl_pipelines.llm.cloak import encrypt
from loopctl_pipelines.settings import Settings

CONNECTIONS: Final = 16
_TENANT: Final = UUID(int=1)
_KEY: Final = "lc_searched"
_CLOAK_KEY: Final = bytes(range(32))
_TEXT: Final = "recall of the index"
_SEARCH: Final = "/api/v1/knowledge/search"
_VECTOR, _WORDS, _SUM = "bare vector query", "bare query of words", "the two bare queries"
_MODES: Final = ("keyword", "semantic", "combined")
_DOCUMENTS: Final = Path(__file__).parents[1] / "docs"


def fill_searched(url: str, articles: int) -> None:
    """Write a tenant with so many articles that have vectors, and texts of the documentation."""
    texts = [
        paragraph
        for document in sorted(_DOCUMENTS.rglob("*.md"))
        for paragraph in document.read_text(encoding="utf-8").split("\n\n")
        if len(paragraph) > 200
    ]
    key = {"tenant_id": _TENANT, "key": _KEY}
    with psycopg.connect(url, autocommit=True) as session:
        with indexed_afterwards(session):
            fill_tenant(session, _TENANT, articles, seed=1)
            bodies = {"tenant_id": _TENANT, "bodies": texts, "count": len(texts)}
            session.execute(statement(__package__, "fill_search_bodies"), bodies)
        session.execute(statement(__package__, "lift_rate_limit"), key)
        session.execute(statement(__package__, "fill_search_key"), key)
        encrypted = {"key": encrypt(KEY, _CLOAK_KEY)}
        session.execute(statement(__package__, "fill_embedding_keys"), encrypted)


def article_search(url: str, articles: int, requests: int, rounds: int) -> Outcome:
    """Compare each mode with the bare queries, by the median and the 99th percentile."""
    bare: dict[str, BareWork] = {"/bare-vector": _bare_vector, "/bare-words": _bare_words}
    seconds: dict[str, list[float]] = {}
    with (
        provider_process(latency_seconds=0) as provider,
        api_process(url, Settings(embedding_base_url=provider, cloak_key=_CLOAK_KEY), bare) as base,
        closing(LoadProcess()) as client,
    ):
        paths = {_VECTOR: "/bare-vector", _WORDS: "/bare-words"}
        paths |= {mode: f"{_SEARCH}?mode={mode}&q={_TEXT.replace(' ', '+')}" for mode in _MODES}
        load = Load(base, _KEY, CONNECTIONS, requests)
        contenders = [
            Contender(name, _sending(client, load, f"{base}{path}", name, seconds))
            for name, path in paths.items()
        ]
        for path in paths.values():
            client.send(Load(f"{base}{path}", _KEY, connections=1, requests=20))
        interleave(contenders, rounds, perf_counter)
    for percentile in ("median", "99th percentile"):
        pairs = zip(
            seconds[f"{percentile}, {_VECTOR}"], seconds[f"{percentile}, {_WORDS}"], strict=True
        )
        seconds[f"{percentile}, {_SUM}"] = [sum(pair) for pair in pairs]
    return Outcome(
        "article-search",
        {
            "articles": articles,
            "requests": requests,
            "connections": CONNECTIONS,
            "connections to the database": Settings.api_connections,
            **server_facts(url),
        },
        seconds,
        [
            *_ratios("combined", _SUM, most=1.2),
            *_ratios("semantic", _VECTOR),
            *_ratios("keyword", _WORDS),
        ],
        [
            "All are whole HTTP requests to one API. The bare ones know no tenant and no key.",
            "The provider answers at once: its time is not ours. Each search is in the ledger.",
            "Client, API, provider and PostgreSQL share the processors.",
        ],
    )


def _sending(
    client: LoadProcess, load: Load, url: str, name: str, seconds: dict[str, list[float]]
) -> Callable[[], None]:
    def send() -> None:
        told = quantiles(client.send(Load(url, load.key, load.connections, load.requests)), n=100)
        seconds.setdefault(f"median, {name}", []).append(told[49])
        seconds.setdefault(f"99th percentile, {name}", []).append(told[98])

    return send


def _ratios(numerator: str, denominator: str, most: float | None = None) -> list[Ratio]:
    return [
        Ratio(
            f"{numerator} / {denominator}, {percentile}",
            f"{percentile}, {numerator}",
            f"{percentile}, {denominator}",
            most=most if percentile == "median" else None,
        )
        for percentile in ("median", "99th percentile")
    ]


def _bare_vector(database: Database) -> int:
    vector = str(vector_of(_TEXT, DEFAULT_DIMENSION).tolist())
    with database.operator_transaction() as connection:
        # the least that gives 100 rows; without sorts the planner takes the index
        connection.execute("SET LOCAL hnsw.ef_search = 100; SET LOCAL enable_sort = off")
        asked = {"vector": vector}
        return len(
            connection.execute(statement(__package__, "bare_vector_query"), asked).fetchall()
        )


def _bare_words(database: Database) -> int:
    with database.operator_transaction() as connection:
        asked = {"text": _TEXT}
        return len(connection.execute(statement(__package__, "bare_words_query"), asked).fetchall())


def search(
    articles: Annotated[int, typer.Option(min=20, help="Articles of the tenant.")] = 100_000,
    requests: Annotated[int, typer.Option(min=100, help="Requests of a run.")] = 500,
    rounds: Annotated[int, typer.Option(min=1, help="Runs of each contender.")] = 3,
) -> None:
    """Measure searches alone, and print the ratios."""
    with scratch_server() as server:
        url = upgraded_database(server, "search")
        fill_searched(url, articles)
        article_search(url, articles, requests, rounds).show(Console())


if __name__ == "__main__":
    ended_by_signals()(typer.run)(search)
