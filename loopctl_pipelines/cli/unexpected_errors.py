"""One sentence for an error that nobody foresaw: its class and SQLSTATE, none of its text."""

import psycopg
from dagster_postgres.utils import DagsterPostgresException
from sqlalchemy.exc import OperationalError

from loopctl_pipelines.database.errors import NO_MORE_THREADS
from loopctl_pipelines.database.retries import cause_of

_TRACEBACK = "`loopctl-pipelines --traceback ...` shows where."


def sentence_of(error: Exception) -> str:
    """Return what the command line says about the error."""
    driver = getattr(error, "orig", None) or error
    kind = type(driver).__name__
    state = getattr(driver, "sqlstate", None) or getattr(driver, "pgcode", None)
    if _connection_was_lost(error, state):
        return (
            "The connection to PostgreSQL was lost during the work. What was committed "
            "stays; run the command again when the server is back."
        )
    if state is not None:
        return f"PostgreSQL: {cause_of(state)} ({kind}, SQLSTATE {state}). {_TRACEBACK}"
    if isinstance(error, RuntimeError) and "can't start new thread" in str(error):
        return NO_MORE_THREADS
    return f"An unexpected error ended the command: {kind}. {_TRACEBACK}"


def _connection_was_lost(error: Exception, state: str | None) -> bool:
    """Return whether the server went away; a server that rejects has another SQLSTATE."""
    lost = (psycopg.OperationalError, OperationalError, DagsterPostgresException)
    return isinstance(error, lost) and (state is None or state.startswith(("08", "57P")))
