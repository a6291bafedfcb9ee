"""The connections to the database of Dagster's storage: kept in a pool, and an outage outlasted."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from threading import Event
from typing import Any, Final, Protocol

import psycopg2
from sqlalchemy.event import listen
from sqlalchemy.exc import DisconnectionError

from loopctl_pipelines.database.connection_failures import connection_failure
from loopctl_pipelines.database.errors import DatabaseUnreachableError
from loopctl_pipelines.database.retries import OUTAGE_SECONDS, outlast_outage
from loopctl_pipelines.orchestration.dagster_internals import engine_of, raise_interrupts_as
from loopctl_pipelines.orchestration.readable_log import ReadableLog

_STATEMENT_MILLISECONDS: Final = 600_000
_RECYCLE_SECONDS: Final = 3600
_EXTRA_CONNECTIONS: Final = 20
# outside a run: a person or the next evaluation waits
_PATIENCE_SECONDS: Final = 5.0

# a host that no longer answers is given up; TCP would wait for 15 minutes, and no heartbeat be sent
_BOUNDS: Final = {"connect_timeout": 10, "tcp_user_timeout": 30_000}
_SETTING: Final = "LOOPCTL_DAGSTER_URL"

Attempt = Callable[[], psycopg2.extensions.connection]


class StoragePart(Protocol):
    """Dagster's storage of runs, of events, or of schedules, in PostgreSQL."""

    def optimize_for_webserver(
        self, statement_timeout: int, pool_recycle: int, max_overflow: int
    ) -> None:
        """Keep connections in a pool."""


def keep_connections(
    parts: Sequence[StoragePart], url: str, is_patient: Callable[[], bool]
) -> None:
    """Give each part a pool of connections.

    Args:
        parts: Dagster's storages.
        url: where they are, for messages.
        is_patient: whether this process works on runs, and so outlasts an outage.
    """
    connect = _Connector(url, is_patient).connect
    for part in parts:
        part.optimize_for_webserver(
            statement_timeout=_STATEMENT_MILLISECONDS,
            pool_recycle=_RECYCLE_SECONDS,
            max_overflow=_EXTRA_CONNECTIONS,
        )
        listen(engine_of(part), "do_connect", connect)
        listen(engine_of(part), "checkout", _replace_ended)


class _Connector:
    """How the pools connect: patiently, and with a typed error in the end.

    Dagster would log libpq's text at each of six attempts, and end a run after ten seconds.
    """

    def __init__(self, url: str, is_patient: Callable[[], bool]) -> None:
        self._url = url
        self._is_patient = is_patient
        self._log = ReadableLog()
        self._interrupted = Event()

    def connect(
        self,
        dialect: Any,  # noqa: ANN401 - SQLAlchemy's
        _: object,
        arguments: Sequence[Any],
        parameters: dict[str, Any],
    ) -> psycopg2.extensions.connection:
        """Return a new connection; the listener of SQLAlchemy's event `do_connect`."""
        self._log.shorten_others()
        bounded = {**_BOUNDS, **parameters}
        attempt = partial(self._attempt, partial(dialect.connect, *arguments, **bounded))
        try:
            if self._is_patient():
                return self._outlast(attempt)
            return outlast_outage(attempt, _PATIENCE_SECONDS)
        except DatabaseUnreachableError as failure:
            self._log.begin(failure)
            raise

    def _attempt(self, connect: Attempt) -> psycopg2.extensions.connection:
        try:
            connection = connect()
        except psycopg2.Error as error:
            failure = connection_failure(error, self._url, "Dagster's storage", _SETTING)
        else:
            self._log.end()
            return connection
        raise failure

    def _outlast(self, attempt: Attempt) -> psycopg2.extensions.connection:
        """Connect, after an outage if there is one. An interrupt ends this wait and later ones."""
        with suppress(DatabaseUnreachableError):
            return attempt()
        try:
            with raise_interrupts_as(KeyboardInterrupt):
                return outlast_outage(attempt, OUTAGE_SECONDS, self._interrupted)
        except KeyboardInterrupt:
            self._interrupted.set()
            raise


def _replace_ended(connection: psycopg2.extensions.connection, *_: object) -> None:
    """Have the pool replace a session that a restart or a failover ended while it was idle.

    Otherwise it fails the run that checks it out, after all its work is done.
    """
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except psycopg2.Error:
        raise DisconnectionError from None
