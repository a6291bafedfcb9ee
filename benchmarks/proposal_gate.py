"""Articles created over HTTP: with the gate open because the circuit is, and without a gate."""

from collections.abc import Callable
from contextlib import closing
from itertools import count
from statistics import median
from time import perf_counter
from typing import Annotated, Final
from uuid import UUID

import httpx2
import psycopg
import typer
from rich.console import Console

from benchmarks.api_process import api_process
from benchmarks.outcome import Outcome, Ratio
from benchmarks.provider_process import KEY
from benchmarks.server import scratch_server, server_facts, upgraded_database
from benchmarks.timing import Contender, interleave
from loopctl_pipelines.cli.signals import ended_by_signals
from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.database.statements import statement
from loopctl_pipelines.llm.breaker import Breaker
from loopctl_pipelines.llm.circuit import Permit, Verdict
from loopctl_pipelines.llm.cloak import encrypt
from loopctl_pipelines.llm.openai.exceptions import OPENAI
from loopctl_pipelines.settings import Settings

_TENANT: Final = UUID(int=1)
_KEY: Final = "lc_searched"
_CLOAK_KEY: Final = bytes(range(32))
_GOAL_MS: Final = 10
_PLAIN, _OPEN = "an article without a gate", "an article with an open circuit"


def proposal_gate(url: str, articles: int, rounds: int) -> Outcome:
    """Compare creating articles with an open circuit and without a gate, one after the other."""
    _fill(url)
    numbers, seconds = count(), dict[str, list[float]]()
    settings = Settings(embedding_base_url="http://127.0.0.1:9/v1", cloak_key=_CLOAK_KEY)
    with (
        closing(Database(url, Settings.database_role)) as database,
        api_process(url, settings) as base,
        httpx2.Client(base_url=base, timeout=60) as client,
    ):
        breaker = Breaker(database, OPENAI.name)

        def creating(name: str, *, force: bool) -> Callable[[], None]:
            def create() -> None:
                # it stays open for 30 s
                for _ in range(3):
                    breaker.record(Permit(_TENANT), Verdict.COUNTED)
                for _ in range(articles):
                    started = perf_counter()
                    _create(client, next(numbers), force=force)
                    seconds.setdefault(name, []).append(perf_counter() - started)

            return create

        contenders = [
            Contender(_PLAIN, creating(_PLAIN, force=True)),
            Contender(_OPEN, creating(_OPEN, force=False)),
        ]
        _create(client, next(numbers), force=True)
        times = interleave(contenders, rounds, perf_counter)
    more = 1_000 * (median(seconds[_OPEN]) - median(seconds[_PLAIN]))
    return Outcome(
        "proposal-gate",
        {
            "articles of a run": articles,
            f"{_PLAIN}, milliseconds": round(1_000 * median(seconds[_PLAIN]), 1),
            "more with an open circuit, milliseconds": round(more, 1),
            f"at most {_GOAL_MS} milliseconds more": "met" if more <= _GOAL_MS else "MISSED",
            **server_facts(url),
        },
        times,
        [Ratio("open circuit / no gate", _OPEN, _PLAIN)],
        ["Whole HTTP requests, one after the other; milliseconds are medians of single requests."],
    )


def _fill(url: str) -> None:
    """Write a tenant with an embedding key and an API key."""
    key = {"tenant_id": _TENANT, "slug": "gate", "key": _KEY}
    with psycopg.connect(url, autocommit=True) as session:
        session.execute(statement(__package__, "add_text_tenant"), key)
        session.execute(statement(__package__, "lift_rate_limit"), key)
        session.execute(statement(__package__, "fill_search_key"), key)
        encrypted = {"key": encrypt(KEY, _CLOAK_KEY)}
        session.execute(statement(__package__, "fill_embedding_keys"), encrypted)


def _create(client: httpx2.Client, number: int, *, force: bool) -> None:
    article = {
        "title": f"Finding {number}",
        "body": "A paragraph about retries. " * 40,
        "category": "finding",
        "force": force,
    }
    headers = {"authorization": f"Bearer {_KEY}"}
    answer = client.post("/api/v1/articles", json=article, headers=headers)
    if answer.status_code != httpx2.codes.CREATED:
        raise RuntimeError(f"An article was not created: {answer.status_code} {answer.text}")
    if not force and answer.json()["gate"]["reason"] != "circuit_open":
        raise RuntimeError(f"The circuit is not open: {answer.text}")


def gate(
    articles: Annotated[int, typer.Option(min=1, help="Articles of a run.")] = 200,
    rounds: Annotated[int, typer.Option(min=1, help="Runs of each contender.")] = 5,
) -> None:
    """Measure the gate alone, and print the ratio."""
    with scratch_server() as server:
        proposal_gate(upgraded_database(server, "gate"), articles, rounds).show(Console())


if __name__ == "__main__":
    ended_by_signals()(typer.run)(gate)
