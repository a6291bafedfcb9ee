"""The connections to the database of Dagster's storage: kept in a pool, and an outage outlasted."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Final, Protocol

import psycopg2
from sqlalchemy.event import listen
from sqlalchemy.exc import DisconnectionError

from loopctl_pipelines.database.connection_pool import SILENCE_MILLISECONDS
from loopctl_pipelines.orchestration.dagster_internals import engine_of
from loopctl_pipelines.orchestration.storage_outages import StorageOutages

_STATEMENT_MILLISECONDS: Final = 600_000
_RECYCLE_SECONDS: Final = 3600
_EXTRA_CONNECTIONS: Final = 20

# without them, no heartbeat is sent while TCP waits for a host that no longer answers
_BOUNDS: Final = {"connect_timeout": 10, "tcp_user_timeout": SILENCE_MILLISECONDS}

DoConnect = Callable[[Any, object, Sequence[Any], dict[str, Any]], psycopg2.extensions.connection]


class StoragePart(Protocol):
    """Dagster's storage of runs, of events, or of schedules, in PostgreSQL."""

    def optimize_for_webserver(
        self, statement_timeout: int, pool_recycle: int, max_overflow: int
    ) -> None:
        """Keep connections in a pool."""


def keep_connections(
    parts: Sequence[StoragePart],
    outages: StorageOutages,
    *,
    statement_milliseconds: int = _STATEMENT_MILLISECONDS,
) -> None:
    """Give each of Dagster's storages a pool of connections, which outlasts an outage.

    Args:
        parts: Dagster's storages.
        outages: how long the process waits for their database.
        statement_milliseconds: statement_timeout of their sessions.
    """
    for part in parts:
        part.optimize_for_webserver(
            statement_timeout=statement_milliseconds,
            pool_recycle=_RECYCLE_SECONDS,
            max_overflow=_EXTRA_CONNECTIONS,
        )
        listen(engine_of(part), "do_connect", _outlasting(outages))
        listen(engine_of(part), "checkout", _replace_ended)


def _outlasting(outages: StorageOutages) -> DoConnect:
    """Return how a pool connects: patiently, and with a typed error in the end.

    Dagster would log libpq's text at each of six attempts, and end a run after ten seconds.
    """

    def connect(
        dialect: Any,  # noqa: ANN401 - SQLAlchemy's
        _: object,
        arguments: Sequence[Any],
        parameters: dict[str, Any],
    ) -> psycopg2.extensions.connection:
        outages.log.shorten_others()
        bounded = {**_BOUNDS, **parameters}
        return outages.outlast(
            partial(_attempt, partial(dialect.connect, *arguments, **bounded), outages)
        )

    return connect


def _attempt(
    connect: Callable[[], psycopg2.extensions.connection], outages: StorageOutages
) -> psycopg2.extensions.connection:
    try:
        connection = connect()
    except psycopg2.Error as error:
        failure = outages.failure(error)
    else:
        outages.log.end()
        return connection
    raise failure


def _replace_ended(connection: psycopg2.extensions.connection, *_: object) -> None:
    """Have the pool replace a session that a restart or a failover ended while it was idle.

    Otherwise it fails the run that checks it out, after all its work is done.
    """
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except psycopg2.Error:
        raise DisconnectionError from None
