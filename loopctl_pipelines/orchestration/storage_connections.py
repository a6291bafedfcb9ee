"""The connections to the database of Dagster's storage: kept in a pool, and an outage outlasted."""

from collections.abc import Callable, Sequence
from typing import Any, Final, Protocol

import psycopg2
from sqlalchemy.event import listen
from sqlalchemy.exc import DisconnectionError

from loopctl_pipelines.database.connection_failures import connection_failure
from loopctl_pipelines.database.errors import DatabaseUnreachableError
from loopctl_pipelines.database.retries import OUTAGE_SECONDS, outlast_outage
from loopctl_pipelines.orchestration.dagster_internals import engine_of
from loopctl_pipelines.orchestration.readable_log import ReadableLog

_STATEMENT_MILLISECONDS: Final = 600_000
_RECYCLE_SECONDS: Final = 3600
_EXTRA_CONNECTIONS: Final = 20
# outside a run: a person or the next evaluation waits
_PATIENCE_SECONDS: Final = 5.0

DoConnect = Callable[[Any, object, Sequence[Any], dict[str, Any]], psycopg2.extensions.connection]


class StoragePart(Protocol):
    """Dagster's storage of runs, of events, or of schedules, in PostgreSQL."""

    def optimize_for_webserver(
        self, statement_timeout: int, pool_recycle: int, max_overflow: int
    ) -> None:
        """Keep connections in a pool."""


def keep_connections(
    parts: Sequence[StoragePart], url: str, is_working: Callable[[], bool]
) -> None:
    """Give each part a pool of connections.

    Args:
        parts: Dagster's storages.
        url: where they are, for messages.
        is_working: whether this process works on a run, which outlasts an outage.
    """
    connect = _outlasting(url, is_working, ReadableLog())
    for part in parts:
        part.optimize_for_webserver(
            statement_timeout=_STATEMENT_MILLISECONDS,
            pool_recycle=_RECYCLE_SECONDS,
            max_overflow=_EXTRA_CONNECTIONS,
        )
        listen(engine_of(part), "do_connect", connect)
        listen(engine_of(part), "checkout", _replace_ended)


def _outlasting(url: str, is_working: Callable[[], bool], log: ReadableLog) -> DoConnect:
    """Return how a pool connects: patiently, and with a typed error in the end.

    Dagster would log libpq's text at each of six attempts, and end a run after ten seconds.
    """

    def connect(
        dialect: Any,  # noqa: ANN401 - SQLAlchemy's
        _: object,
        arguments: Sequence[Any],
        parameters: dict[str, Any],
    ) -> psycopg2.extensions.connection:
        def attempt() -> psycopg2.extensions.connection:
            try:
                connection: psycopg2.extensions.connection = dialect.connect(
                    *arguments, **parameters
                )
            except psycopg2.Error as error:
                failure = connection_failure(error, url, "Dagster's storage", "LOOPCTL_DAGSTER_URL")
            else:
                log.end()
                return connection
            raise failure

        log.shorten_others()
        try:
            return outlast_outage(attempt, OUTAGE_SECONDS if is_working() else _PATIENCE_SECONDS)
        except DatabaseUnreachableError as failure:
            log.begin(failure)
            raise

    return connect


def _replace_ended(connection: psycopg2.extensions.connection, *_: object) -> None:
    """Have the pool replace a session that a restart or a failover ended while it was idle.

    Otherwise it fails the run that checks it out, after all its work is done.
    """
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except psycopg2.Error:
        raise DisconnectionError from None
