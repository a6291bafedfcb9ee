"""Runs work for many tenants concurrently; one tenant's failure does not affect the others."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from typing import Generic, TypeVar

import psycopg

from loopctl_pipelines.costs.errors import TenantWorkError
from loopctl_pipelines.costs.operator_queries import count_reports
from loopctl_pipelines.costs.planning.tenant_days import TenantDays
from loopctl_pipelines.database.connection import Database, TenantConnection
from loopctl_pipelines.database.errors import DatabaseUnreachableError
from loopctl_pipelines.database.retries import (
    OutagePatience,
    cause_of,
    in_tenant_transaction,
)

Day = TypeVar("Day")
Work = Callable[[TenantConnection, TenantDays], list[Day]]

# Data exceptions, broken constraints and timeouts concern some days: halving finds the bad one.
_OF_SOME_DAYS = ("22", "23", "57014")


@dataclass(frozen=True, slots=True)
class Landed(Generic[Day]):
    """Committed work: a unit, and the result of each of its days."""

    unit: TenantDays
    days: list[Day]


@dataclass(frozen=True, slots=True)
class Failed:
    """Work that was rolled back: a unit, and the reason."""

    unit: TenantDays
    error: TenantWorkError


def run_per_tenant(
    database: Database,
    units: Sequence[TenantDays],
    work: Work[Day],
    error: type[TenantWorkError],
    patience: OutagePatience | None = None,
) -> Iterator[Landed[Day] | Failed]:
    """Run `work` for every unit, each in a transaction of its tenant, and yield as they end.

    An outage of the database is waited for; a unit is then done from the beginning.

    The tenants with the most reports start first, so that none of them runs alone at the end. A
    unit of several days that fails is halved until the bad day is found.

    Args:
        database: its number of connections bounds the concurrency.
        units: tenants and ranges of days that do not overlap.
        work: the statements of one unit.
        error: class of a tenant's failure.
        patience: how long the transactions wait for the database.
    """
    if not units:
        return
    first, last = min(unit.first for unit in units), max(unit.last for unit in units)
    tenants = {unit.tenant.id for unit in units}
    patience = patience or OutagePatience()
    sizes = patience.outlast(lambda: count_reports(database, tenants, first, last))
    ordered = sorted(units, key=lambda unit: sizes.get(unit.tenant.id, 0), reverse=True)
    pool = ThreadPoolExecutor(database.connections, thread_name_prefix="tenant")
    try:
        running: list[Future[list[Landed[Day] | Failed]]] = [
            pool.submit(_halving, database, unit, work, error, patience) for unit in ordered
        ]
        for ended in as_completed(running):
            yield from ended.result()
    finally:
        # an interrupted run starts no further tenant; running ones commit or roll back
        patience.end()
        pool.shutdown(wait=True, cancel_futures=True)


def _halving(
    database: Database,
    unit: TenantDays,
    work: Work[Day],
    error: type[TenantWorkError],
    patience: OutagePatience,
) -> list[Landed[Day] | Failed]:
    try:
        days = patience.outlast(
            lambda: in_tenant_transaction(database, unit.tenant.id, lambda c: work(c, unit))
        )
        return [Landed(unit, days)]
    except (psycopg.Error, DatabaseUnreachableError) as cause:
        sqlstate = cause.sqlstate
    if halves := unit.halves() if sqlstate and sqlstate.startswith(_OF_SOME_DAYS) else ():
        return [
            ended for half in halves for ended in _halving(database, half, work, error, patience)
        ]
    failure = error(
        unit.tenant.slug, unit.first, unit.last, sqlstate=sqlstate, cause=cause_of(sqlstate)
    )
    return [Failed(unit, failure)]
