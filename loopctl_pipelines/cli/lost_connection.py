"""Tells a server that went away in the middle of a command from whatever else goes wrong."""

import psycopg
from dagster_postgres.utils import DagsterPostgresException
from sqlalchemy.exc import OperationalError

_CONNECTION_ERRORS = (psycopg.OperationalError, OperationalError, DagsterPostgresException)


def connection_was_lost(error: Exception) -> bool:
    """Tell a server that went away from one that refuses: the latter gives another SQLSTATE."""
    if not isinstance(error, _CONNECTION_ERRORS):
        return False
    driver = getattr(error, "orig", error)
    state = getattr(driver, "sqlstate", None) or getattr(driver, "pgcode", None)
    return state is None or state.startswith(("08", "57P"))
