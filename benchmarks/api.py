"""The HTTP API: pages of a tenant with very many anomalies, and many requests at once."""

from contextlib import closing
from dataclasses import replace
from functools import partial
from hashlib import md5
from statistics import quantiles
from time import perf_counter
from uuid import UUID

import psycopg

from benchmarks.api_process import BARE, api_process
from benchmarks.http_load import Load, LoadProcess
from benchmarks.outcome import Outcome, Ratio
from benchmarks.server import server_facts
from benchmarks.timing import Contender, Spread, interleave
from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.database.statements import statement
from loopctl_pipelines.settings import Settings

CONNECTIONS = 64
USUAL_ANOMALIES = 200
_ANOMALIES = "/api/v1/cost-anomalies"
_FIRST, _LAST = "first page", "last page"
_TYPE, _PROJECT = "first page of a type", "first page of a project"
_THEIR_FIRST, _THEIR_LAST = "the reference's first page", "the reference's last page"
_BARE, _LIST = "SELECT 1", "a usual tenant's first page"


def fill_anomalies(url: str, anomalies: int) -> None:
    """Write the tenant `many` with so many open anomalies, and `usual` with 200."""
    sizes = {"many": anomalies, "usual": USUAL_ANOMALIES}
    with psycopg.connect(url, autocommit=True) as session:
        session.execute("SET session_replication_role = replica")
        session.execute(statement(__package__, "fill_api_tenants"), {"names": list(sizes)})
        for name, size in sizes.items():
            asked = {"name": name, "anomalies": size}
            session.execute(statement(__package__, "fill_api_stories"), asked)
            session.execute(statement(__package__, "fill_api_anomalies"), asked)
        session.execute("VACUUM (ANALYZE)")


def api_pages(url: str, anomalies: int, rounds: int) -> Outcome:
    """Compare pages of one list with each other, and with the reference's statements."""
    last = -(-anomalies // 20)
    with (
        api_process(url) as base,
        closing(LoadProcess()) as client,
        closing(Database(url, Settings.database_role)) as database,
    ):
        one = Load(f"{base}{_ANOMALIES}", "lc_many", connections=1, requests=1)
        get = {
            _FIRST: one,
            _LAST: replace(one, url=f"{one.url}?page={last}"),
            _TYPE: replace(one, url=f"{one.url}?anomaly_type=suspiciously_low"),
            _PROJECT: replace(one, url=f"{one.url}?project_id={_id('api project many3')}"),
        }
        their = partial(_their_page, database)
        contenders = [
            Contender(_THEIR_FIRST, partial(their, 0)),
            Contender(_THEIR_LAST, partial(their, 20 * (last - 1))),
            *(Contender(name, partial(client.send, load)) for name, load in get.items()),
        ]
        for contender in contenders:
            contender.run()
        times = interleave(contenders, rounds, perf_counter)
    return Outcome(
        "api-pages",
        {"anomalies": anomalies, **server_facts(url)},
        times,
        [
            Ratio("times the first page", _LAST, _FIRST, most=2),
            Ratio("times faster than the reference's last page", _THEIR_LAST, _LAST),
            Ratio("times faster than the reference's first page", _THEIR_FIRST, _FIRST),
            Ratio("of the first page, filtered by type", _TYPE, _FIRST),
            Ratio("of the first page, filtered by project", _PROJECT, _FIRST),
        ],
        [
            "Ours are whole HTTP requests; the reference's are its two statements and no more.",
            "No index of loopctl's has an anomaly's time: each page reads all of the tenant's.",
        ],
    )


def api_throughput(url: str, requests: int, rounds: int) -> Outcome:
    """Compare a usual tenant's list with a bare statement, many requests at once."""
    slowest: dict[str, list[float]] = {_BARE: [], _LIST: []}
    with api_process(url) as base, closing(LoadProcess()) as client:
        load = Load(f"{base}{BARE}", None, CONNECTIONS, requests)
        listing = replace(load, url=f"{base}{_ANOMALIES}", key="lc_usual")

        def send(name: str, load: Load) -> None:
            slowest[name].append(quantiles(client.send(load), n=100)[-1])

        contenders = [
            Contender(_BARE, partial(send, _BARE, load)),
            Contender(_LIST, partial(send, _LIST, listing)),
        ]
        for contender in contenders:
            contender.run()
        slowest = {_BARE: [], _LIST: []}
        times = interleave(contenders, rounds, perf_counter)
    per_second = {name: round(requests / Spread.of(runs).median) for name, runs in times.items()}
    return Outcome(
        "api-throughput",
        {
            "requests": requests,
            "connections": CONNECTIONS,
            "connections to the database": Settings.api_connections,
            **{f"requests per second, {name}": rate for name, rate in per_second.items()},
            **server_facts(url),
        },
        {**times, **{f"99th percentile, {name}": runs for name, runs in slowest.items()}},
        [
            Ratio("times the bare statement's time", _LIST, _BARE, most=4),
            Ratio(
                "times its 99th percentile",
                f"99th percentile, {_LIST}",
                f"99th percentile, {_BARE}",
            ),
        ],
        [
            "Of the same server. The list also looks its key up, and enters its tenant.",
            "Client, server and PostgreSQL share the processors.",
        ],
    )


def _their_page(database: Database, offset: int) -> None:
    tenant_id = _id("api tenant many")
    asked = {"tenant_id": tenant_id, "offset": offset}
    with database.tenant_transaction(tenant_id) as connection:
        for name in ("reference_count_listed", "reference_list_anomalies"):
            connection.execute(statement(__package__, name), asked).fetchall()


def _id(name: str) -> UUID:
    return UUID(md5(name.encode(), usedforsecurity=False).hexdigest())
