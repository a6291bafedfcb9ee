"""The database of Dagster's storage: creates it beside loopctl's, and checks that it is usable."""

from urllib.parse import quote, urlencode

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from loopctl_pipelines.database.connection import connect
from loopctl_pipelines.database.errors import DatabaseUnreachableError, RoleUnfitError
from loopctl_pipelines.database.missing_rights import quoted
from loopctl_pipelines.database.statements import statement

_BESIDE = "loopctl_dagster"


def create_beside(url: str) -> str:
    """Return the URL of Dagster's database on the server of `url`; create it if it is missing.

    Raises:
        DatabaseUnreachableError: if nothing answers at `url`.
        RoleUnfitError: if it is missing and the login may not create it.
    """
    with connect(url) as connection:
        connection.autocommit = True
        exists = "SELECT FROM pg_database WHERE datname = %s"
        if connection.execute(exists, [_BESIDE]).fetchone() is None:
            create = sql.SQL("CREATE DATABASE {}").format(sql.Identifier(_BESIDE))
            try:
                connection.execute(create)
            except (psycopg.errors.DuplicateDatabase, psycopg.errors.UniqueViolation):
                pass
            except psycopg.errors.InsufficientPrivilege:
                raise _may_not_create(connection.info.user) from None
    return dagster_url(url, dbname=_BESIDE)


def is_beside(url: str) -> bool:
    """Return whether Dagster's database is on the server of `url`; create nothing.

    Raises:
        DatabaseUnreachableError: if nothing answers at `url`.
        RoleUnfitError: if it is missing and the login may not create it.
    """
    with connect(url) as connection:
        asked = {"database": _BESIDE}
        found = connection.execute(statement(__package__, "dagster_beside"), asked).fetchone()
        exists, may_create = found or (False, False)
        if not exists and not may_create:
            raise _may_not_create(connection.info.user)
    return bool(exists)


def _may_not_create(login: str) -> RoleUnfitError:
    return RoleUnfitError(
        f"The login {login!r} of LOOPCTL_DATABASE_URL may not create the database {_BESIDE!r} "
        f"for Dagster's storage. As a superuser, run CREATE DATABASE {_BESIDE} "
        f"OWNER {quoted(login)}; or set LOOPCTL_DAGSTER_URL."
    )


def dagster_url(url: str, **changed: str) -> str:
    """Return the libpq URL with some parts changed, in a form that SQLAlchemy reads as well.

    SQLAlchemy accepts no `postgres://`, several hosts only as parameters, and the database's name
    only as the path.

    Raises:
        DatabaseUnreachableError: if it is not a libpq URL.
    """
    try:
        parts = conninfo_to_dict(url) | changed
    except psycopg.Error:
        raise DatabaseUnreachableError(
            "LOOPCTL_DAGSTER_URL is not the URL of a PostgreSQL database. "
            "Write it as postgresql://user:password@host:5432/name."
        ) from None
    # SQLAlchemy would show a password among the parameters
    user, password, database = (_quoted(parts.pop(k, "")) for k in ("user", "password", "dbname"))
    login = f"{user}:{password}@" if password else f"{user}@" if user else ""
    return f"postgresql://{login}/{database}?{urlencode(parts, quote_via=quote, safe='')}"


def check_dagster_database(url: str) -> None:
    """Reject a database in which Dagster cannot create or write its tables.

    Raises:
        DatabaseUnreachableError: if nothing answers, the login is rejected, or it is read-only.
        RoleUnfitError: if the login may not create or write Dagster's tables.
    """
    with connect(url, "Dagster's storage", "LOOPCTL_DAGSTER_URL") as connection:
        read_only = connection.execute("SHOW transaction_read_only").fetchone()
        ((has_tables, may),) = connection.execute(statement(__package__, "may_store_dagster"))
        login, name = quoted(connection.info.user), quoted(connection.info.dbname)
    if read_only != ("off",):
        raise DatabaseUnreachableError(
            "Dagster's storage is read-only: a standby, or default_transaction_read_only is on. "
            "Give the primary server in LOOPCTL_DAGSTER_URL.",
            "25006",
        )
    if may:
        return
    # another login has created them, which is their owner
    remedy = (
        f"GRANT ALL ON ALL TABLES IN SCHEMA public TO {login}; "
        f"GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO {login};"
        if has_tables
        else f"ALTER DATABASE {name} OWNER TO {login};"
    )
    # to an owner as well: on PostgreSQL 15 one with NOINHERIT may not create tables otherwise
    remedy += f" GRANT CREATE ON SCHEMA public TO {login};"
    raise RoleUnfitError(
        f"The login {login} may not create or write Dagster's tables in the database {name}. "
        f"As a superuser, run there {remedy} Or set LOOPCTL_DAGSTER_URL."
    )


def _quoted(part: object) -> str:
    return quote(str(part), safe="")
