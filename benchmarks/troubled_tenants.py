"""Answers of search and gate for tenants whose texts cannot be embedded, with their times."""

from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from statistics import median
from time import perf_counter
from typing import Annotated, Final
from uuid import UUID

import httpx2
import psycopg
import typer
from rich.console import Console
from rich.table import Table

from benchmarks.api_process import api_process
from benchmarks.provider_process import HANGS, KEY, hanging_process
from benchmarks.server import scratch_server, upgraded_database
from loopctl_pipelines.cli.signals import ended_by_signals
from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.database.statements import statement
from loopctl_pipelines.llm.breaker import Breaker
from loopctl_pipelines.llm.circuit import Permit, Verdict
from loopctl_pipelines.llm.cloak import encrypt
from loopctl_pipelines.llm.openai.exceptions import OPENAI
from loopctl_pipelines.settings import Settings

_CLOAK_KEY: Final = bytes(range(32))


@dataclass(frozen=True, slots=True)
class _Tenant:
    """A tenant in trouble; `provider_key` is None where it has none."""

    name: str
    id: UUID
    provider_key: str | None = KEY
    circuit_is_open: bool = False
    text: str = "retries of a job"

    @property
    def api_key(self) -> str:
        return f"lc_{self.id.hex}"


_TENANTS: Final = (
    _Tenant("no trouble", UUID(int=1)),
    _Tenant("no key", UUID(int=2), provider_key=None),
    _Tenant("open circuit", UUID(int=3), circuit_is_open=True),
    _Tenant("revoked key", UUID(int=4), provider_key="sk-revoked"),
    _Tenant("provider hangs", UUID(int=5), text=f"jobs that {HANGS}"),
)


@dataclass(frozen=True, slots=True)
class _Answers:
    """What a tenant's requests were answered, one after the other, and after how many ms."""

    reasons: list[str]
    milliseconds: list[float]


def troubled_tenants(url: str, requests: int, console: Console) -> None:
    """Print what each tenant's searches and proposals are answered.

    Raises:
        RuntimeError: if an answer is an error.
    """
    _fill(url)
    with (
        closing(Database(url, Settings.database_role)) as database,
        hanging_process() as provider,
        api_process(url, Settings(embedding_base_url=provider, cloak_key=_CLOAK_KEY)) as base,
        httpx2.Client(base_url=base, timeout=60) as client,
    ):
        _search(client, _TENANTS[0], -1)  # API and provider start at the first one
        breaker = Breaker(database, OPENAI.name)
        table = Table("tenant", "request", "first answers", "last answer", "slowest", "median")
        for asked, request in (("search", _search), ("gate", _propose)):
            for tenant in _TENANTS:
                breaker.reset(tenant.id)
                for _ in range(3 * tenant.circuit_is_open):
                    breaker.record(Permit(tenant.id), Verdict.COUNTED)
                table.add_row(tenant.name, asked, *_cells(_ask(client, tenant, requests, request)))
    console.print(table)


def _ask(
    client: httpx2.Client,
    tenant: _Tenant,
    requests: int,
    request: Callable[[httpx2.Client, _Tenant, int], str],
) -> _Answers:
    answers = _Answers([], [])
    for number in range(requests):
        started = perf_counter()
        answers.reasons.append(request(client, tenant, number))
        answers.milliseconds.append(1_000 * (perf_counter() - started))
    return answers


def _cells(answers: _Answers) -> list[str]:
    return [
        answers.reasons[0],
        answers.reasons[-1],
        f"{max(answers.milliseconds):,.0f} ms",
        f"{median(answers.milliseconds):,.1f} ms",
    ]


def _search(client: httpx2.Client, tenant: _Tenant, number: int) -> str:
    query = {"mode": "combined", "q": f"{tenant.text} {number}"}
    answer = client.get("/api/v1/knowledge/search", params=query, headers=_headers(tenant))
    meta = _json(answer, httpx2.codes.OK)["meta"]
    return str(meta.get("fallback_reason", "by words and meaning"))


def _propose(client: httpx2.Client, tenant: _Tenant, number: int) -> str:
    article = {
        "title": f"About {tenant.text}, number {number}",
        "body": f"{number} {tenant.text}. " * 40,
        "category": "finding",
    }
    answer = client.post("/api/v1/articles", json=article, headers=_headers(tenant))
    gate = _json(answer, httpx2.codes.CREATED)["gate"]
    return f"{gate['verdict']}: {gate['reason']}" if gate.get("reason") else str(gate["verdict"])


def _headers(tenant: _Tenant) -> Mapping[str, str]:
    return {"authorization": f"Bearer {tenant.api_key}"}


def _json(answer: httpx2.Response, expected: int) -> dict[str, dict[str, str]]:
    if answer.status_code != expected:
        raise RuntimeError(f"Unexpected answer: {answer.status_code} {answer.text}")
    body: dict[str, dict[str, str]] = answer.json()
    return body


def _fill(url: str) -> None:
    """Write the tenants with their keys."""
    with psycopg.connect(url, autocommit=True) as session:
        for tenant in _TENANTS:
            slug = tenant.name.replace(" ", "-")
            key = {"tenant_id": tenant.id, "slug": slug, "key": tenant.api_key}
            session.execute(statement(__package__, "add_text_tenant"), key)
            session.execute(statement(__package__, "lift_rate_limit"), key)
            session.execute(statement(__package__, "fill_search_key"), key)
            if tenant.provider_key is not None:
                encrypted = encrypt(tenant.provider_key, _CLOAK_KEY)
                parameters = {"tenant_id": tenant.id, "key": encrypted}
                session.execute(statement(__package__, "fill_embedding_key"), parameters)


def troubled(
    requests: Annotated[int, typer.Option(min=4, help="Requests of a tenant.")] = 20,
) -> None:
    """Print the answers of search and gate for tenants in trouble, and their times."""
    with scratch_server() as server:
        troubled_tenants(upgraded_database(server, "troubled"), requests, Console())


if __name__ == "__main__":
    ended_by_signals()(typer.run)(troubled)
