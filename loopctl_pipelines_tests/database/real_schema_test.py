"""A database that has loopctl's tables already, all of them or some."""

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from loopctl_pipelines.database.errors import SchemaTooOldError
from loopctl_pipelines.database.migrations.loopctl_tables import LOOPCTL_TABLES
from loopctl_pipelines.database.schema_revision import is_upgraded
from loopctl_pipelines.database.upgrade import upgrade
from loopctl_pipelines_tests.database.catalog import catalog_rows, definitions, relations
from loopctl_pipelines_tests.database.loopctl_schema import load_real_schema, needs_real_schema

_OLDER_SCHEMA = """
    CREATE TABLE tenants (id uuid PRIMARY KEY, slug text);
    CREATE TABLE projects (id uuid PRIMARY KEY);
    CREATE TABLE epics (id uuid PRIMARY KEY);
    CREATE TABLE stories (id uuid PRIMARY KEY, tenant_id uuid, epic_id uuid);
"""

# what an upgrade does not grant, and the real schema does
_FEWER_RIGHTS = """
    REVOKE INSERT, UPDATE, DELETE ON tenants FROM loopctl_app;
    REVOKE UPDATE, DELETE ON audit_log FROM loopctl_app;
    REVOKE SELECT, UPDATE, DELETE ON oban_jobs FROM loopctl_app;
"""
_STRICTER_POLICY = (
    "ALTER POLICY audit_log_insert ON audit_log WITH CHECK (tenant_id = current_tenant_id())"
)


@pytest.fixture
def other_database(empty_database: str) -> str:
    """A second empty database on the same server."""
    with psycopg.connect(empty_database, autocommit=True) as connection:
        name = f"{connection.info.dbname}_other"
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE template0'.encode())
    return make_conninfo(empty_database, dbname=name)


@needs_real_schema
@pytest.mark.parametrize(
    "kind",
    [
        "columns",
        "constraints",
        "indexes",
        "policies",
        "row-level security",
        "triggers",
        "privileges",
        "functions",
        "schema privileges",
    ],
)
def test_what_an_upgrade_creates_is_defined_as_in_the_real_schema(
    kind: str, empty_database: str, other_database: str
) -> None:
    upgrade(empty_database)
    load_real_schema(other_database)
    with psycopg.connect(other_database, autocommit=True) as real:
        real.execute(_FEWER_RIGHTS)
        real.execute(_STRICTER_POLICY)
    with psycopg.connect(empty_database) as ours, psycopg.connect(other_database) as real:
        expected = definitions(real, LOOPCTL_TABLES)[kind]
        assert definitions(ours, LOOPCTL_TABLES)[kind] == expected
    assert expected


@needs_real_schema
def test_the_real_schema_stays_as_it_is_byte_for_byte(empty_database: str) -> None:
    load_real_schema(empty_database)
    with psycopg.connect(empty_database, autocommit=True) as connection:
        rows, names = catalog_rows(connection), relations(connection, "public")
        assert upgrade(empty_database).created == ()
        assert rows - catalog_rows(connection) == set()
        assert relations(connection, "public") == names
        assert is_upgraded(connection)


@needs_real_schema
def test_only_the_absent_tables_of_the_real_schema_are_created(empty_database: str) -> None:
    absent = ("stories", "cost_anomalies", "tenant_llm_settings", "audit_log")
    load_real_schema(empty_database)
    with psycopg.connect(empty_database, autocommit=True) as connection:
        # the real schema's default privileges grant the role all rights on new tables
        connection.execute(_STRICTER_POLICY)
        expected = definitions(connection, absent)
        connection.execute("DROP TABLE cost_anomalies, tenant_llm_settings, audit_log")
        connection.execute("DROP TABLE stories CASCADE")
        rows = catalog_rows(connection)
        assert upgrade(empty_database).created == absent
        assert rows - catalog_rows(connection) == set()
        assert definitions(connection, absent) == expected


def test_tables_of_an_older_schema_are_left_alone(empty_database: str) -> None:
    with psycopg.connect(empty_database, autocommit=True) as connection:
        connection.execute(_OLDER_SCHEMA.encode())
        present = ("tenants", "projects", "epics", "stories")
        before = definitions(connection, present)
        created = upgrade(empty_database).created
        after = definitions(connection, present)
    assert created == tuple(table for table in LOOPCTL_TABLES if table not in present)
    for kind in ("columns", "constraints", "indexes", "policies", "row-level security"):
        assert after[kind] == before[kind]
    assert after["privileges"] == before["privileges"] == []


def test_a_table_that_lacks_a_needed_column_is_refused_and_nothing_created(
    empty_database: str,
) -> None:
    with psycopg.connect(empty_database, autocommit=True) as connection:
        connection.execute("CREATE TABLE token_usage_reports (id uuid PRIMARY KEY)")
        with pytest.raises(SchemaTooOldError, match="Run loopctl's own migrations first"):
            upgrade(empty_database)
        assert relations(connection, "public") == {
            "token_usage_reports",
            "token_usage_reports_pkey",
        }
        assert relations(connection, "loopctl_pipelines") == set()
