"""`db upgrade`: migrates a database, empty or with loopctl's real schema, to this version.

It is one transaction under an advisory lock, so it may run twice, even at the same time.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Final

import psycopg
from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from psycopg import Connection, sql
from psycopg.rows import TupleRow
from sqlalchemy import create_engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from loopctl_pipelines.database.connection import connect
from loopctl_pipelines.database.errors import RoleUnfitError, SchemaTooNewError
from loopctl_pipelines.database.migrations.driver import driver_connection
from loopctl_pipelines.database.migrations.knowledge_base import complete_knowledge_base
from loopctl_pipelines.database.migrations.loopctl_tables import (
    JOB_QUEUE,
    KNOWLEDGE_TABLES,
    missing_tables,
)
from loopctl_pipelines.database.schema_revision import head_revision
from loopctl_pipelines.database.server_version import check_server
from loopctl_pipelines.database.session_settings import pin_settings
from loopctl_pipelines.database.statements import statement
from loopctl_pipelines.database.upgrade_errors import upgrade_error

LOOPCTL_ROLE = "loopctl_app"
"""loopctl's own RLS role; the SQL of its tables grants them to it."""

# Alembic keeps its context in module globals: two threads would use each other's connection.
_ALEMBIC_IS_FREE = Lock()


# "loopctl" in ASCII; any number will do as long as every version uses the same
_LOCK = 0x6C6F6F7063746C

# If loopctl holds a lock longer than this, the upgrade fails, before loopctl queues behind it.
_BEGIN = f"""
SELECT pg_advisory_xact_lock({_LOCK});
SET LOCAL lock_timeout = '30s';
"""

OWN_SCHEMA: Final = "loopctl_pipelines"
"""Schema of the tables that only this project needs."""

_PRIVILEGES: Final = {p: sql.SQL(p) for p in ("SELECT", "INSERT", "UPDATE", "DELETE")}
_GRANT_USAGE = sql.SQL("GRANT USAGE ON SCHEMA {schema} TO {role}")
_GRANT_SEQUENCE = sql.SQL("GRANT USAGE ON SEQUENCE {sequence} TO {role}")
_GRANT_EXECUTE = sql.SQL("GRANT EXECUTE ON FUNCTION {function} TO {role}")


@dataclass(frozen=True, slots=True)
class UpgradeResult:
    """The result of an upgrade.

    Attributes:
        created: names of loopctl's tables that this upgrade created, in foreign-key order.
        revision: the database's revision.
        left_out: names of loopctl's tables that need pgvector, which the server does not have.
    """

    created: tuple[str, ...]
    revision: str
    left_out: tuple[str, ...] = ()


def upgrade(url: str, role: str = LOOPCTL_ROLE) -> UpgradeResult:
    """Create what is missing in the database at the libpq `url`, for the RLS `role`.

    The role must exist, unless it is loopctl's own, which is created with the tables.

    Raises:
        DatabaseNotUsableError: a subclass; nothing was changed.
    """
    engine = create_engine(
        "postgresql+psycopg://",
        creator=lambda: connect(url),
        poolclass=NullPool,
        # after the wait for the lock, the other upgrade's tables must be visible
        isolation_level="READ COMMITTED",
    )
    try:
        with engine.begin() as connection:
            driver = driver_connection(connection)
            check_server(driver)
            driver.execute(_BEGIN)
            pin_settings(driver)
            _create_own_schema(driver)
            missing = missing_tables(driver)
            with _ALEMBIC_IS_FREE:
                command.upgrade(_config(connection=connection), "head")
            complete_knowledge_base(driver)
            left = missing_tables(driver)
            created = tuple(table for table in missing if table not in left)
            _grant(driver, role, created=created)
    except (psycopg.Error, DBAPIError) as error:
        raise upgrade_error(error) from None
    except CommandError:
        raise SchemaTooNewError(
            "The database was upgraded by a newer version of loopctl-pipelines. "
            "Install that version."
        ) from None
    left_out = tuple(table for table in left if table in KNOWLEDGE_TABLES)
    return UpgradeResult(created, head_revision(), left_out)


def _create_own_schema(connection: Connection[TupleRow]) -> None:
    # IF NOT EXISTS would require the right to create even if the schema exists
    found = connection.execute("SELECT to_regnamespace('loopctl_pipelines')").fetchone()
    if found == (None,):
        connection.execute("CREATE SCHEMA loopctl_pipelines")


def _config(**attributes: object) -> Config:
    """Return Alembic's configuration, without an ini file and the logging it would set up."""
    config = Config()
    config.set_main_option("script_location", f"{__package__}:migrations")
    config.attributes.update(attributes)
    return config


def _grant(connection: Connection[TupleRow], role: str, *, created: tuple[str, ...]) -> None:
    """Grant `role` our own schema, and the tables of loopctl's that were just created."""
    if connection.execute("SELECT FROM pg_roles WHERE rolname = %s", [role]).fetchone() is None:
        raise RoleUnfitError(
            f"The role {role!r} does not exist. Create it with NOLOGIN and without BYPASSRLS, "
            "or set LOOPCTL_DATABASE_ROLE to the role that loopctl itself uses."
        )
    if created and role != LOOPCTL_ROLE:
        _grant_created(connection, role, created)
    _grant_own(connection, role)


def _grant_created(connection: Connection[TupleRow], role: str, created: tuple[str, ...]) -> None:
    """Grant the role what loopctl's own was granted on the tables that were just created."""
    usage = _GRANT_USAGE.format(schema=sql.Identifier("public"), role=sql.Identifier(role))
    connection.execute(usage)
    asked = {"role": LOOPCTL_ROLE, "schema": "public", "tables": list(created)}
    for name, privileges in connection.execute(statement(__package__, "grants_of_role"), asked):
        connection.execute(_grant_table(role, "public", name, privileges))
    if JOB_QUEUE in created:
        sequence = sql.Identifier("public", f"{JOB_QUEUE}_id_seq")
        connection.execute(_GRANT_SEQUENCE.format(sequence=sequence, role=sql.Identifier(role)))


def _grant_own(connection: Connection[TupleRow], role: str) -> None:
    """Grant the rights that the role lacks in our own schema, whose tables all have a policy.

    Existing grants are not repeated, so an upgrade that changes nothing takes no lock.
    """
    holder, schema = sql.Identifier(role), sql.Identifier(OWN_SCHEMA)
    usage = "SELECT has_schema_privilege(%s, %s, 'USAGE')"
    if connection.execute(usage, [role, OWN_SCHEMA]).fetchone() != (True,):
        connection.execute(_GRANT_USAGE.format(schema=schema, role=holder))
    asked = {"role": role, "schema": OWN_SCHEMA}
    for name, privileges in connection.execute(statement(__package__, "missing_grants"), asked):
        connection.execute(_grant_table(role, OWN_SCHEMA, name, privileges))
    for (name,) in connection.execute(statement(__package__, "missing_executes"), asked):
        function = sql.Identifier(OWN_SCHEMA, name)
        connection.execute(_GRANT_EXECUTE.format(function=function, role=holder))


def _grant_table(role: str, schema: str, name: str, privileges: Sequence[str]) -> sql.Composed:
    return sql.SQL("GRANT {privileges} ON {table} TO {role}").format(
        privileges=sql.SQL(", ").join(map(_PRIVILEGES.__getitem__, privileges)),
        table=sql.Identifier(schema, name),
        role=sql.Identifier(role),
    )
