"""Runs one statement per tenant, tenants side by side; one tenant's failure is its own."""

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from typing import Generic, TypeVar

import psycopg

from loopctl_pipelines.costs.tenant_days import TenantDays
from loopctl_pipelines.database.connection import Database, TenantConnection
from loopctl_pipelines.errors import DatabaseUnreachableError, TenantWorkError
from loopctl_pipelines.tenants.queries import count_reports

Day = TypeVar("Day")
Work = Callable[[TenantConnection, TenantDays], list[Day]]

_ATTEMPTS = 3
_PAUSE_SECONDS = 0.2

# Serialization failure and deadlock are no fault of the tenant's data; neither is a connection
# that broke, whose error has no SQLSTATE or one of class 57P or 08.
_TRANSIENT = ("40001", "40P01", "57P01", "57P02", "57P03", "08")
# Data exceptions, broken constraints and time-outs are of some days: halving finds the bad one.
_OF_SOME_DAYS = ("22", "23", "57014")

# What a SQLSTATE class means here. PostgreSQL's own text may quote a row, so it is not passed on.
_CAUSES = {
    "22003": "a sum or a count does not fit its column",
    "22": "a value cannot be computed with",
    "23": "a constraint refuses the result",
    "40": "other transactions kept getting in the way",
    "42501": "the database role lacks a right (see LOOPCTL_DATABASE_ROLE)",
    "42": "the schema does not fit (run `loopctl-pipelines db upgrade`)",
    "53": "the server is out of memory, disk or connections",
    "57014": "the statement was cancelled or ran into statement_timeout",
    "57P01": "the server ended the session (a restart, or an administrator)",
    "57": "the server is shutting down",
    "08": "the connection was lost",
}


@dataclass(frozen=True, slots=True)
class Landed(Generic[Day]):
    """Work that was committed: a unit, and what was done on each of its days."""

    unit: TenantDays
    days: list[Day]


@dataclass(frozen=True, slots=True)
class Failed:
    """Work that was rolled back: a unit, and why."""

    unit: TenantDays
    error: TenantWorkError


def run_side_by_side(
    database: Database,
    units: Sequence[TenantDays],
    work: Work[Day],
    error: type[TenantWorkError],
) -> Iterator[Landed[Day] | Failed]:
    """Run `work` for every unit, each in a transaction of its tenant, and yield as they end.

    The tenants with most reports go first, so that none of them is left to run alone at the end.
    A unit of several days that fails is halved until the bad day is found.

    Args:
        database: its number of connections bounds how many tenants run at once.
        units: tenants and ranges of days that do not overlap.
        work: the statements of one unit.
        error: what to make of a failure.
    """
    if not units:
        return
    sizes = count_reports(
        database,
        {unit.tenant.id for unit in units},
        min(unit.first for unit in units),
        max(unit.last for unit in units),
    )
    ordered = sorted(units, key=lambda unit: sizes.get(unit.tenant.id, 0), reverse=True)
    pool = ThreadPoolExecutor(database.connections, thread_name_prefix="tenant")
    try:
        running: list[Future[list[Landed[Day] | Failed]]] = [
            pool.submit(_halving, database, unit, work, error) for unit in ordered
        ]
        for ended in as_completed(running):
            yield from ended.result()
    finally:
        # an interrupted run starts no further tenant; those under way commit or roll back
        pool.shutdown(wait=True, cancel_futures=True)


def _halving(
    database: Database, unit: TenantDays, work: Work[Day], error: type[TenantWorkError]
) -> list[Landed[Day] | Failed]:
    try:
        return [Landed(unit, _attempt(database, unit, work))]
    except (psycopg.Error, DatabaseUnreachableError) as cause:
        sqlstate = cause.sqlstate if isinstance(cause, psycopg.Error) else "08001"
    if halves := unit.halves() if _starts_with(sqlstate, _OF_SOME_DAYS) else ():
        return [ended for half in halves for ended in _halving(database, half, work, error)]
    failure = error(
        unit.tenant.slug, unit.first, unit.last, sqlstate=sqlstate, cause=_cause(sqlstate)
    )
    return [Failed(unit, failure)]


def _attempt(database: Database, unit: TenantDays, work: Work[Day]) -> list[Day]:
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            with database.tenant_transaction(unit.tenant.id) as connection:
                return work(connection, unit)
        except psycopg.Error as cause:
            lost = isinstance(cause, psycopg.OperationalError) and cause.sqlstate is None
            if attempt == _ATTEMPTS or not (lost or _starts_with(cause.sqlstate, _TRANSIENT)):
                raise
            time.sleep(_PAUSE_SECONDS * attempt)
    raise AssertionError


def _starts_with(sqlstate: str | None, classes: tuple[str, ...]) -> bool:
    return sqlstate is not None and sqlstate.startswith(classes)


def _cause(sqlstate: str | None) -> str:
    known = sqlstate or "08"
    fitting = [text for code, text in _CAUSES.items() if known.startswith(code)]
    return fitting[0] if fitting else "PostgreSQL refused the statement"
