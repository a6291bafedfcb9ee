"""A tenant's work on the database: tried again where that helps, else told without a row's text."""

import time
from collections.abc import Callable
from typing import Final, TypeVar
from uuid import UUID

import psycopg

from loopctl_pipelines.database.connection import Database, TenantConnection
from loopctl_pipelines.database.errors import DatabaseUnreachableError

Done = TypeVar("Done")

OUTAGE_SECONDS: Final = 180.0
"""How long an outage is waited for with something in hand that is paid for.

Longer than a restart with recovery or a failover takes (about 30 s with Patroni, 60 to 120 s with
managed services); short enough that a run whose database does not come back ends."""

_ATTEMPTS = 3
_PAUSE_SECONDS = 0.2
_LONGEST_PAUSE_SECONDS = 5.0

# a connection that broke has no SQLSTATE, or one of these
_LOST = ("57P01", "57P02", "57P03", "08")
# serialization failure and deadlock are no fault of the tenant's data either
_TRANSIENT = ("40001", "40P01", *_LOST)
# a server that comes back has no connection left for all who return, or is a standby still
_OUTAGE = ("53", "25006", *_LOST)

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


def in_tenant_transaction(
    database: Database,
    tenant_id: UUID,
    work: Callable[[TenantConnection], Done],
    *,
    lock_seconds: float | None = None,
) -> Done:
    """Run `work` in a transaction of the tenant, up to three times if others get in its way.

    Raises:
        psycopg.Error: if it fails otherwise, or again; the transaction is rolled back.
        DatabaseUnreachableError: if no connection is to be had.
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


def outlast_outage(work: Callable[[], Done], seconds: float = OUTAGE_SECONDS) -> Done:
    """Do `work`, which is a transaction, again and again for as long as the database is away.

    Args:
        work: may have been done although it raises: a commit whose answer was lost.
        seconds: after which an attempt that fails is the last.

    Raises:
        psycopg.Error: if it fails otherwise, or the outage lasts.
        DatabaseUnreachableError: if the outage lasts.
    """
    given_up = time.monotonic() + seconds
    pause = _PAUSE_SECONDS
    while True:
        try:
            return work()
        except (psycopg.Error, DatabaseUnreachableError) as error:
            if time.monotonic() >= given_up or not _is_outage(error):
                raise
        time.sleep(pause)
        pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)


def sqlstate_of(error: psycopg.Error | DatabaseUnreachableError) -> str | None:
    """Return PostgreSQL's five-character code; None where the connection broke without one."""
    return error.sqlstate if isinstance(error, psycopg.Error) else "08001"


def cause_of(sqlstate: str | None) -> str:
    """Return in words what a SQLSTATE means here."""
    known = sqlstate or "08"
    fitting = [text for code, text in _CAUSES.items() if known.startswith(code)]
    return fitting[0] if fitting else "PostgreSQL refused the statement"


def _is_outage(error: psycopg.Error | DatabaseUnreachableError) -> bool:
    return isinstance(error, DatabaseUnreachableError) or _is_of(_OUTAGE, error)


def _is_of(states: tuple[str, ...], error: psycopg.Error) -> bool:
    """Tell whether the SQLSTATE begins with one of these, or the connection broke without one."""
    if error.sqlstate is None:
        return isinstance(error, psycopg.OperationalError)
    return error.sqlstate.startswith(states)
