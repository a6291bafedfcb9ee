"""Without pgvector an upgrade leaves out the knowledge base, which a later one creates."""

from uuid import uuid4

import psycopg
import pytest
from psycopg import Connection, sql
from psycopg.rows import TupleRow

from loopctl_pipelines.costs.table_use import COST_TABLES, RETENTION_TABLES
from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.database.errors import ExtensionMissingError
from loopctl_pipelines.database.migrations.loopctl_tables import KNOWLEDGE_TABLES, LOOPCTL_TABLES
from loopctl_pipelines.database.preflight import check_database
from loopctl_pipelines.database.upgrade import UpgradeResult, upgrade
from loopctl_pipelines.exporting.table_use import EXPORT_TABLES
from loopctl_pipelines.knowledge.embedding.table_use import EMBEDDING_TABLES
from loopctl_pipelines.knowledge.linking.table_use import LINKING_TABLES
from loopctl_pipelines_tests.database.catalog import Rows, catalog_rows, definitions, relations
from loopctl_pipelines_tests.database.hidden_vectors import (
    SENTENCE,
    hide_vectors,
    show_vectors,
    upgrade_without_vectors,
)

_COSTS = tuple(table for table in LOOPCTL_TABLES if table not in KNOWLEDGE_TABLES)


def _own_objects(connection: Connection[TupleRow]) -> Rows:
    """Return our relations with their rights, and what the views read."""
    return connection.execute(
        "SELECT relname, relkind, relacl::text, relrowsecurity, relforcerowsecurity,"
        " CASE relkind WHEN 'v' THEN pg_get_viewdef(oid) END"
        " FROM pg_class WHERE relnamespace = 'loopctl_pipelines'::regnamespace ORDER BY relname"
    ).fetchall()


def test_an_upgrade_leaves_out_the_tables_of_the_knowledge_base_and_says_which(
    empty_database: str,
) -> None:
    result = upgrade_without_vectors(empty_database)
    assert (result.created, result.left_out) == (_COSTS, KNOWLEDGE_TABLES)
    database = Database(empty_database, "loopctl_app")
    for tables in (COST_TABLES, RETENTION_TABLES, EXPORT_TABLES):
        check_database(database, tables)
    with pytest.raises(ExtensionMissingError, match=SENTENCE):
        check_database(database, EMBEDDING_TABLES)


def test_a_database_that_was_completed_later_equals_one_that_had_pgvector_from_the_start(
    empty_database: str, database_url: str
) -> None:
    upgrade_without_vectors(empty_database)
    show_vectors(empty_database)
    with pytest.raises(ExtensionMissingError, match="pgvector is on the server now"):
        check_database(Database(empty_database, "loopctl_app"), LINKING_TABLES)
    assert upgrade(empty_database).created == KNOWLEDGE_TABLES
    with psycopg.connect(empty_database) as later, psycopg.connect(database_url) as early:
        assert definitions(later, LOOPCTL_TABLES) == definitions(early, LOOPCTL_TABLES)
        assert relations(later, "public") == relations(early, "public")
        assert _own_objects(later) == _own_objects(early)


def test_a_second_upgrade_without_pgvector_changes_nothing(empty_database: str) -> None:
    first = upgrade_without_vectors(empty_database)
    with psycopg.connect(empty_database) as connection:
        before = catalog_rows(connection)
    assert upgrade(empty_database) == UpgradeResult((), first.revision, KNOWLEDGE_TABLES)
    with psycopg.connect(empty_database) as connection:
        assert catalog_rows(connection) == before


def test_tables_that_are_there_are_not_touched_where_pgvector_s_files_are_gone(
    database_url: str,
) -> None:
    hide_vectors(database_url)
    with psycopg.connect(database_url) as connection:
        before = catalog_rows(connection)
    assert upgrade(database_url).left_out == ()
    with psycopg.connect(database_url) as connection:
        assert catalog_rows(connection) == before


def test_a_role_of_its_own_is_granted_what_is_created_later(empty_database: str) -> None:
    role = f"role_{uuid4().hex}"
    with psycopg.connect(empty_database, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE ROLE {}").format(sql.Identifier(role)))
    hide_vectors(empty_database)
    upgrade(empty_database, role)
    show_vectors(empty_database)
    upgrade(empty_database, role)
    check_database(Database(empty_database, role), EMBEDDING_TABLES)
