"""A server that looks as if pgvector were not installed on it."""

import psycopg
from psycopg import sql

from loopctl_pipelines.database.upgrade import UpgradeResult, upgrade

SENTENCE = "pgvector is not installed on the server: costs work, the knowledge base does not."


def hide_vectors(url: str) -> None:
    """Have new connections to the database find no extension."""
    _set(url, "ALTER DATABASE {} SET extension_control_path = '/nowhere'")


def show_vectors(url: str) -> None:
    """Have new connections to the database find the extensions again."""
    _set(url, "ALTER DATABASE {} RESET extension_control_path")


def upgrade_without_vectors(url: str) -> UpgradeResult:
    """Upgrade an empty database on a server without pgvector."""
    hide_vectors(url)
    return upgrade(url)


def _set(url: str, statement: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        name = sql.Identifier(connection.info.dbname)
        connection.execute(sql.SQL(statement).format(name).as_string())
