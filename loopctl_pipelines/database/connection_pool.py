"""The pool of connections: it notes why a connection fails, and logs nothing of that."""

import logging
import select
from collections.abc import Callable
from time import monotonic
from typing import Any, Final, Self

import psycopg
from psycopg import Connection
from psycopg.rows import TupleRow
from psycopg_pool import ConnectionPool, PoolTimeout

from loopctl_pipelines.database.connection_failures import connection_failure
from loopctl_pipelines.database.errors import (
    NO_MORE_THREADS,
    DatabaseNotUsableError,
    DatabaseUnreachableError,
)
from loopctl_pipelines.database.session_settings import configure
from loopctl_pipelines.errors import PipelinesError

SILENCE_MILLISECONDS: Final = 30_000
"""Without an acknowledgement, after which a host is given up; TCP would wait 15 minutes."""

_SURE_SECONDS: Final = 1.0
"""A session that was used so lately is asked only if the server has sent something, as it does when
it ends one: the question costs a round trip, one of four where a transaction has one statement."""


def _refuse(_: logging.LogRecord) -> bool:
    """Refuse every record: libpq's text may hold a part of the password."""
    return False


# as filters: they stay when Dagster or uvicorn configures logging
for _name in ("psycopg", "psycopg.pool"):
    logging.getLogger(_name).addFilter(_refuse)


class NotingConnection(Connection[TupleRow]):
    """Passes on why an attempt failed; the pool would only log it.

    Attributes:
        given_back_at: when it was, by the monotonic clock.
    """

    given_back_at: float = 0.0

    @classmethod
    def connect(cls, conninfo: str = "", **kwargs: Any) -> Self:  # noqa: ANN401 - of many types
        """Connect; `note` gets the error, or None if there was none."""
        note: Callable[[Exception | None], None] = kwargs.pop("note")
        try:
            connected = super().connect(conninfo, **kwargs)
        except psycopg.Error as error:
            note(error)
            raise
        note(None)
        return connected


class NotingPool:
    """A bounded pool that can say why it has no connection. It opens at the first use."""

    def __init__(self, url: str | Callable[[], str], connections: int, patience: float) -> None:
        """Configure the pool.

        Args:
            url: libpq URL, or a function that returns it.
            connections: size of the pool.
            patience: seconds to wait for a connection.
        """
        self._url = url
        self._connections = connections
        self._patience = patience
        self._noted: Exception | None = None
        self._pool = ConnectionPool(
            self._located,
            connection_class=NotingConnection,
            min_size=0,
            max_size=connections,
            timeout=patience,
            # pauses between attempts grow with the outage; this bounds them
            reconnect_timeout=patience,
            kwargs={
                "connect_timeout": max(round(patience), 1),
                "tcp_user_timeout": SILENCE_MILLISECONDS,
                "note": self._note,
            },
            open=False,
            configure=configure,
            # replaces a session that a restart or a failover ended while it was idle
            check=self._check,
        )

    def getconn(self) -> NotingConnection:
        """Take a connection.

        Raises:
            DatabaseUnreachableError: if there is none in time; it says why.
            DatabaseNotUsableError: if this process may start no more threads.
            EmbeddedServerError: if the embedded server does not start.
        """
        try:
            self._pool.open()
        except RuntimeError:
            raise DatabaseNotUsableError(NO_MORE_THREADS) from None
        try:
            return self._pool.getconn()
        except psycopg.OperationalError as error:
            failure = self._failure(error)
        raise failure from None

    def putconn(self, taken: NotingConnection) -> None:
        """Give a connection back."""
        taken.given_back_at = monotonic()
        self._pool.putconn(taken)

    def close(self) -> None:
        """Close every connection. The object cannot be used afterwards."""
        self._pool.close()

    def _failure(self, error: psycopg.OperationalError) -> PipelinesError:
        """Return why there is no connection; `error` is the pool's own."""
        cause = self._noted if isinstance(error, PoolTimeout) else error
        if isinstance(cause, PipelinesError):
            return cause
        if cause is not None:
            return connection_failure(cause, self._located())
        return DatabaseUnreachableError(
            f"No connection to loopctl's database became free within {self._patience:.0f} s: all "
            f"{self._connections} are in use, or the server is too slow to make one. Raise "
            "LOOPCTL_CONNECTIONS (for the API, LOOPCTL_API_CONNECTIONS), or find what holds them."
        )

    def _located(self) -> str:
        if not callable(self._url):
            return self._url
        try:
            return self._url()
        except PipelinesError as error:
            self._note(error)
            raise

    def _note(self, error: Exception | None) -> None:
        self._noted = error

    def _check(self, connection: NotingConnection) -> None:
        try:
            if not _is_sure(connection):
                ConnectionPool.check_connection(connection)
        except psycopg.Error:
            # a restart ended all idle sessions; replacing them one by one costs a longer pause each
            self._pool.drain()
            raise


def _is_sure(connection: NotingConnection) -> bool:
    """Return whether a session was used just now, and the server has said nothing since."""
    if monotonic() - connection.given_back_at >= _SURE_SECONDS:
        return False
    polled = select.poll()
    polled.register(connection.fileno(), select.POLLIN)
    return not polled.poll(0)
