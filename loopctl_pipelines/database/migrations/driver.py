"""For revisions: psycopg's connection below SQLAlchemy's, and the SQL files of this folder."""

from importlib.resources import files
from typing import cast

import sqlalchemy
from psycopg import Connection
from psycopg.rows import TupleRow


def driver_connection(connection: sqlalchemy.Connection) -> Connection[TupleRow]:
    """Return the psycopg connection of SQLAlchemy's connection, in the same transaction.

    It runs a file of several statements; SQLAlchemy cannot, because it always binds parameters.
    """
    return cast("Connection[TupleRow]", connection.connection.driver_connection)


def migration_sql(name: str) -> bytes:
    """Return `migrations/<name>.sql`."""
    return files(__package__).joinpath(f"{name}.sql").read_bytes()
