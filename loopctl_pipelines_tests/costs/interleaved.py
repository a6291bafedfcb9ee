"""Two concurrent transactions whose order the test decides."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, TypeVar
from uuid import UUID

import psycopg
from psycopg.abc import Params
from psycopg.rows import TupleRow

from loopctl_pipelines.database.connection import Database, TenantConnection

Result = TypeVar("Result")
_WAITING = (
    "SELECT count(*) FROM pg_stat_activity"
    " WHERE datname = current_database() AND wait_event_type = 'Lock'"
)


def until_it_ends_or_waits(
    database: Database, pool: ThreadPoolExecutor, run: Callable[[], Result], *, already: int = 0
) -> Future[Result]:
    """Run it in a thread; return when it has ended, or is waiting for another's lock.

    So many transactions are waiting `already`.
    """
    running = pool.submit(run)
    with database.connect() as watcher:
        watcher.autocommit = True
        while not running.done() and watcher.execute(_WAITING).fetchone() == (already,):
            time.sleep(0.005)
    return running


@contextmanager
def acting_after(
    database: Database, tenant: UUID, statements: int, act: Callable[[], object]
) -> Iterator[TenantConnection]:
    """Give out a tenant transaction that calls `act` once this many statements have run in it."""
    left = statements

    def hear() -> None:
        nonlocal left
        if left == 0:
            act()
        left -= 1

    with database.tenant_transaction(tenant) as connection, _after_each(connection, hear):
        yield connection
        if left == 0:
            act()


def statements_of(
    database: Database, tenant: UUID, work: Callable[[TenantConnection], object]
) -> int:
    """Return how many statements the work has, in a transaction of the tenant."""
    said = 0

    def hear() -> None:
        nonlocal said
        said += 1

    with database.tenant_transaction(tenant) as connection, _after_each(connection, hear):
        work(connection)
    return said


@contextmanager
def _after_each(connection: TenantConnection, hear: Callable[[], object]) -> Iterator[None]:
    """Have `hear` called before each statement of the connection."""

    class Told(psycopg.Cursor[TupleRow]):
        def execute(
            self,
            query: Any,  # noqa: ANN401 - psycopg overloads it
            params: Params | None = None,
            *,
            prepare: bool | None = None,
            binary: bool | None = None,
        ) -> "Told":
            hear()
            return super().execute(query, params, prepare=prepare, binary=binary)

    usual = connection.cursor_factory
    connection.cursor_factory = Told
    try:
        yield
    finally:
        connection.cursor_factory = usual
