"""Creates what needs vectors: loopctl's articles with what refers to them, and objects of our own.

On a server without pgvector all of it is left out. The first upgrade that finds pgvector there
creates it, whatever the revision is.
"""

from typing import Final

from psycopg import Connection
from psycopg.rows import TupleRow

from loopctl_pipelines.database.migrations.driver import migration_sql
from loopctl_pipelines.database.migrations.loopctl_tables import (
    KNOWLEDGE_TABLES,
    create_missing_tables,
)
from loopctl_pipelines.database.vectors import has_pgvector

# each file creates the object of its name
_OWN_OBJECTS: Final = ("pending_articles", "unwritten_vectors", "comparable_articles")


def create_with_articles(connection: Connection[TupleRow], name: str) -> None:
    """Run `own/<name>.sql`, whose object needs the articles; without them it is left out."""
    if _exists(connection, "public.articles"):
        connection.execute(migration_sql(f"own/{name}"))


def complete_knowledge_base(connection: Connection[TupleRow]) -> None:
    """Create what earlier upgrades left out, if pgvector is on the server; change nothing else.

    Raises:
        psycopg.errors.InsufficientPrivilege: if the login may not create it.
    """
    if not has_pgvector(connection):
        return
    if not _exists(connection, "public.articles"):
        create_missing_tables(connection, KNOWLEDGE_TABLES)
    for name in _OWN_OBJECTS:
        if not _exists(connection, f"loopctl_pipelines.{name}"):
            create_with_articles(connection, name)


def _exists(connection: Connection[TupleRow], name: str) -> bool:
    found = connection.execute("SELECT to_regclass(%s) IS NOT NULL", [name]).fetchone()
    return found == (True,)
