"""Recognizes that the server went away during a command."""

import psycopg
from dagster_postgres.utils import DagsterPostgresException
from sqlalchemy.exc import OperationalError

_CONNECTION_ERRORS = (psycopg.OperationalError, OperationalError, DagsterPostgresException)


def connection_was_lost(error: Exception) -> bool:
    """Return whether the server went away; a server that rejects has another SQLSTATE."""
    if not isinstance(error, _CONNECTION_ERRORS):
        return False
    driver = getattr(error, "orig", error)
    state = getattr(driver, "sqlstate", None) or getattr(driver, "pgcode", None)
    return state is None or state.startswith(("08", "57P"))
