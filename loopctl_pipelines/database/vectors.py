"""pgvector: the knowledge base needs it, costs do not."""

from typing import Final

from psycopg import Connection
from psycopg.rows import TupleRow

from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.database.errors import ExtensionMissingError
from loopctl_pipelines.database.statements import statement

_COSTS_ALONE: Final = "costs work, the knowledge base does not."


def has_pgvector(connection: Connection[TupleRow]) -> bool:
    """Return whether pgvector is installed on the server; it may be missing in the database."""
    on_server, _ = _ready(connection)
    return on_server


def no_vectors_sentence(connection: Connection[TupleRow]) -> str | None:
    """Return why the database has no knowledge base, and what to do; None if it has one."""
    on_server, has_articles = _ready(connection)
    if on_server and has_articles:
        return None
    if on_server:
        return (
            f"The tables that need pgvector are missing: {_COSTS_ALONE} pgvector is on the server "
            "now. Run `loopctl-pipelines db upgrade`."
        )
    major = connection.info.server_version // 10_000
    return (
        f"pgvector is not installed on the server: {_COSTS_ALONE} Install it (for example the "
        f"package postgresql-{major}-pgvector), then run `loopctl-pipelines db upgrade`."
    )


def find_no_vectors_sentence(database: Database) -> str | None:
    """Return what `no_vectors_sentence` does, in a transaction of its own."""
    with database.operator_transaction() as connection:
        return no_vectors_sentence(connection)


def check_vectors(connection: Connection[TupleRow]) -> None:
    """Reject a database without what the knowledge base needs.

    Raises:
        ExtensionMissingError: naming a package, or the command.
    """
    if sentence := no_vectors_sentence(connection):
        raise ExtensionMissingError(sentence)


def _ready(connection: Connection[TupleRow]) -> tuple[bool, bool]:
    [(on_server, has_articles)] = connection.execute(statement(__package__, "vectors_ready"))
    return on_server, has_articles
