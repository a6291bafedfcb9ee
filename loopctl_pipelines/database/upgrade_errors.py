"""Translates a driver's error during an upgrade into a typed error with advice."""

import psycopg
from psycopg import errors as driver_errors
from sqlalchemy.exc import DBAPIError

from loopctl_pipelines.database.errors import (
    DatabaseBusyError,
    DatabaseNotUsableError,
    DatabaseUnreachableError,
    RoleUnfitError,
    SchemaTooOldError,
)
from loopctl_pipelines.database.retries import cause_of

_NOTHING_CHANGED = "Nothing was changed."


def upgrade_error(error: psycopg.Error | DBAPIError) -> DatabaseNotUsableError:
    """Return the typed error for `error`, without the driver's text."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    match cause:
        case driver_errors.InsufficientPrivilege():
            return RoleUnfitError(
                "The login of LOOPCTL_DATABASE_URL may not create what is missing (roles "
                "loopctl_app and loopctl_admin, extension vector, tables, schema "
                f"loopctl_pipelines). {_NOTHING_CHANGED} Upgrade once as a superuser, or let one "
                "create the roles and the extension."
            )
        case driver_errors.LockNotAvailable():
            return DatabaseBusyError(
                f"Another transaction holds a table of loopctl's. {_NOTHING_CHANGED} Try again."
            )
        case driver_errors.UndefinedColumn() | driver_errors.UndefinedTable():
            return SchemaTooOldError(
                "A table of loopctl's lacks a column that this version reads. "
                f"{_NOTHING_CHANGED} Run loopctl's own migrations first."
            )
        case driver_errors.ReadOnlySqlTransaction():
            return DatabaseNotUsableError(
                "The database is read-only. Give the URL of the primary server."
            )
        case driver_errors.AdminShutdown() | psycopg.OperationalError(sqlstate=None):
            return DatabaseUnreachableError(
                f"The connection was lost during the upgrade. {_NOTHING_CHANGED} Try again."
            )
    state = getattr(cause, "sqlstate", None) or "none"
    # such as a full disk
    reason = f": {cause_of(state)}" if state.startswith("53") else ""
    return DatabaseNotUsableError(
        f"The upgrade failed{reason} (SQLSTATE {state}). {_NOTHING_CHANGED}"
    )
