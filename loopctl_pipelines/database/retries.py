"""Retries a tenant's transaction where that helps; errors never repeat PostgreSQL's text."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event
from typing import Final, TypeVar
from uuid import UUID

import psycopg

from loopctl_pipelines.database.connection import Database, TenantConnection
from loopctl_pipelines.database.errors import DatabaseUnreachableError

Done = TypeVar("Done")

OUTAGE_SECONDS: Final = 180.0
"""How long a run waits for the database to come back.

Longer than a restart with recovery or a failover takes (about 30 s with Patroni, 60 to 120 s with
managed services); short enough that a run ends if the database stays away."""

_waits_are_over = Event()

_ATTEMPTS = 3
_PAUSE_SECONDS = 0.2
_LONGEST_PAUSE_SECONDS = 5.0

# a broken connection has no SQLSTATE, or one of these
_LOST = ("25P03", "57P01", "57P02", "57P03", "08")
# serialization failures and deadlocks are not caused by the tenant's data either
_TRANSIENT = ("40001", "40P01", *_LOST)
# a server that comes back may have no free connection, or may still be a standby
_OUTAGE = ("53", "25006", *_LOST)

_POOLED = 'a pooler gave the session to others (see "Behind a pooler" in docs/operating.md)'

# Causes by SQLSTATE class. PostgreSQL's own message may quote a row, so it is not repeated.
_CAUSES = {
    "22003": "a sum or a count does not fit its column",
    "22": "a value cannot be computed with",
    "25006": "the database is read-only (a standby, or default_transaction_read_only is on)",
    "25P03": "the process was suspended within a transaction, and the server ended it",
    "23": "a constraint refuses the result",
    "40": "other transactions kept getting in the way",
    "42501": "the database role lacks a right (see LOOPCTL_DATABASE_ROLE)",
    "42P05": _POOLED,
    "42": "the schema does not fit (run `loopctl-pipelines db upgrade`)",
    "53100": "the server's disk is full",
    "53200": "the server is out of memory",
    "53300": "the server or the role has too many connections (see LOOPCTL_CONNECTIONS)",
    "53": "the server is out of memory, disk or connections",
    "26000": _POOLED,
    "57014": "the statement was cancelled or ran into statement_timeout",
    "57P01": "the server ended the session (a restart, or an administrator)",
    "57": "the server is shutting down",
    "28": "the login is rejected (check user and password in LOOPCTL_DATABASE_URL)",
    "3D000": "there is no such database (check its name in LOOPCTL_DATABASE_URL)",
    "08001": "no connection (check LOOPCTL_DATABASE_URL and that the server runs)",
    "08": "the connection was lost",
}


def in_tenant_transaction(
    database: Database,
    tenant_id: UUID,
    work: Callable[[TenantConnection], Done],
    *,
    lock_seconds: float | None = None,
) -> Done:
    """Run `work` in a transaction of the tenant; retry up to twice after a transient error.

    Raises:
        psycopg.Error: any other error, or the last one; the transaction is rolled back.
        DatabaseUnreachableError: if no connection is available in time.
    """
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            with database.tenant_transaction(tenant_id, lock_seconds=lock_seconds) as connection:
                return work(connection)
        except psycopg.Error as error:
            if attempt == _ATTEMPTS or not _is_of(_TRANSIENT, error):
                raise
            time.sleep(_PAUSE_SECONDS * attempt)
    raise AssertionError


def outlast_outage(
    work: Callable[[], Done], seconds: float = OUTAGE_SECONDS, ended: Event | None = None
) -> Done:
    """Retry `work`, a transaction, until the database is back.

    Args:
        work: must be idempotent: it may raise after its commit, if the acknowledgement was lost.
        seconds: no attempt begins later than this.
        ended: no attempt begins after it is set.

    Raises:
        psycopg.Error: any other error, or the last one if the outage lasts.
        DatabaseUnreachableError: if the outage lasts.
    """
    given_up = time.monotonic() + seconds
    ended = ended or Event()
    pause = _PAUSE_SECONDS
    while True:
        try:
            return work()
        except (psycopg.Error, DatabaseUnreachableError) as error:
            if time.monotonic() >= given_up or not _is_outage(error) or _waits_are_over.is_set():
                raise
            if ended.wait(pause):
                raise
        pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)


@contextmanager
def without_waiting() -> Iterator[None]:
    """Wait for no outage in any thread: the process is to end."""
    _waits_are_over.set()
    try:
        yield
    finally:
        _waits_are_over.clear()


class OutagePatience:
    """How long the transactions of one run wait for the database, all together.

    Once one of them has given up, the others fail at the first error: each of 1,000 tenants would
    otherwise wait for itself.
    """

    def __init__(self, seconds: float = OUTAGE_SECONDS) -> None:
        """Take how long the first one waits."""
        self._seconds = seconds
        self._ended = Event()

    @property
    def has_ended(self) -> bool:
        """Whether the run has ended, so that nothing more is to begin."""
        return self._ended.is_set()

    def end(self) -> None:
        """End every wait: the run has ended, or was interrupted."""
        self._ended.set()

    def outlast(self, work: Callable[[], Done]) -> Done:
        """Retry `work` as `outlast_outage` does, and raise what that raises."""
        try:
            return outlast_outage(work, self._seconds, self._ended)
        except (psycopg.Error, DatabaseUnreachableError) as error:
            if _is_outage(error):
                self._seconds = 0.0
            raise


def cause_of(sqlstate: str | None) -> str:
    """Return the cause that a SQLSTATE stands for, in words."""
    known = sqlstate or "08"
    fitting = [text for code, text in _CAUSES.items() if known.startswith(code)]
    return fitting[0] if fitting else "PostgreSQL refused the statement"


def _is_outage(error: psycopg.Error | DatabaseUnreachableError) -> bool:
    return _is_of(_OUTAGE, error)


def _is_of(states: tuple[str, ...], error: psycopg.Error | DatabaseUnreachableError) -> bool:
    """Return whether the SQLSTATE begins with one of these, or the connection broke without one."""
    if error.sqlstate is None:
        return isinstance(error, psycopg.OperationalError)
    return error.sqlstate.startswith(states)
