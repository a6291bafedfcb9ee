import logging
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from threading import Barrier
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from loopctl_pipelines.database.migrations.driver import migration_sql
from loopctl_pipelines.database.migrations.loopctl_tables import LOOPCTL_TABLES
from loopctl_pipelines.database.schema_revision import is_upgraded
from loopctl_pipelines.database.upgrade import UpgradeResult, upgrade
from loopctl_pipelines_tests.database.catalog import catalog_rows, relations


def test_an_empty_database_gets_every_table_of_loopctl(empty_database: str) -> None:
    result = upgrade(empty_database)
    assert result.created == LOOPCTL_TABLES
    with psycopg.connect(empty_database) as connection:
        assert set(LOOPCTL_TABLES) <= relations(connection, "public")


def test_our_own_schema_holds_what_loopctl_has_not(empty_database: str) -> None:
    upgrade(empty_database)
    with psycopg.connect(empty_database) as connection:
        own = relations(connection, "loopctl_pipelines")
    assert {name for name in own if not name.endswith(("_pkc", "_pkey"))} == {
        "alembic_version",
        "alert_messages",
        "alert_position",
        "alerted_findings",
        "alerted_findings_message_id",
        "late_reports",
        "live_reports",
        "circuit_breakers",
        "embedding_breakers",
        "embedding_endpoints",
        "embedding_states",
        "embedding_states_content_hash",
        "embedding_states_next_attempt_at",
        "embedding_tenants",
        "tenant_operations",
        "extractions",
        "extracted_reviews",
        "finished_tenants",
        "finished_embeddings",
        "archived_days",
        "ingestion_requests",
        "ingestion_requests_inserted_at",
        "ingestion_requests_pending",
        "ingestion_requests_kept_content",
        "comparable_articles",
        "cost_baselines",
        "project_baselines",
        "linked_articles",
        "linking_tenants",
        "pending_articles",
        "unaudited_retention",
        "unchecked_proposals",
        "unwritten_vectors",
    }


def test_a_second_upgrade_changes_nothing(empty_database: str) -> None:
    first = upgrade(empty_database)
    with psycopg.connect(empty_database) as connection:
        before = catalog_rows(connection)
    assert upgrade(empty_database) == UpgradeResult(created=(), revision=first.revision)
    with psycopg.connect(empty_database) as connection:
        assert catalog_rows(connection) == before


def test_of_four_upgrades_at_once_one_creates_the_tables(empty_database: str) -> None:
    start = Barrier(4)

    def upgrade_at_once() -> tuple[str, ...]:
        start.wait()
        return upgrade(empty_database).created

    with ThreadPoolExecutor(4) as threads:
        waiting = [threads.submit(upgrade_at_once) for _ in range(4)]
        created = sorted((future.result() for future in waiting), key=len)
    assert created == [(), (), (), LOOPCTL_TABLES]


def test_two_databases_can_be_upgraded_at_once(empty_database: str) -> None:
    with psycopg.connect(empty_database, autocommit=True) as connection:
        name = f"{connection.info.dbname}_other"
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    start = Barrier(2)

    def upgrade_at_once(url: str) -> tuple[str, ...]:
        start.wait()
        return upgrade(url).created

    with ThreadPoolExecutor(2) as threads:
        urls = [empty_database, make_conninfo(empty_database, dbname=name)]
        assert list(threads.map(upgrade_at_once, urls)) == [LOOPCTL_TABLES] * 2


def test_a_database_counts_as_upgraded_only_after_the_upgrade(empty_database: str) -> None:
    with psycopg.connect(empty_database, autocommit=True) as connection:
        assert not is_upgraded(connection)
        upgrade(empty_database)
        assert is_upgraded(connection)


def test_a_database_at_an_older_revision_is_not_upgraded(empty_database: str) -> None:
    upgrade(empty_database)
    with psycopg.connect(empty_database) as connection:
        connection.execute("UPDATE loopctl_pipelines.alembic_version SET version_num = '0001'")
        assert not is_upgraded(connection)


@pytest.mark.parametrize(
    ("view", "ends_with"),
    [
        ("live_reports", b"WHERE report.deleted_at IS NULL"),
        ("pending_articles", b"WHERE article.tenant_id IS NOT NULL"),
    ],
)
def test_a_view_that_an_older_version_made_is_replaced(
    view: str, ends_with: bytes, empty_database: str
) -> None:
    shown = f"SELECT pg_get_viewdef('loopctl_pipelines.{view}'::regclass)".encode()
    upgrade(empty_database)
    with psycopg.connect(empty_database) as connection:
        fresh = connection.execute(shown).fetchone()
        older = migration_sql(f"own/{view}").partition(ends_with)[0] + ends_with
        connection.execute(older)
        assert connection.execute(shown).fetchone() != fresh
        connection.execute(
            "DROP TABLE loopctl_pipelines.unaudited_retention,"
            " loopctl_pipelines.finished_embeddings,"
            " loopctl_pipelines.unwritten_vectors"
        )
        connection.execute("UPDATE loopctl_pipelines.alembic_version SET version_num = '0005'")
    upgrade(empty_database)
    with psycopg.connect(empty_database) as connection:
        assert connection.execute(shown).fetchone() == fresh


def test_the_circuits_of_an_older_version_become_openai_s(empty_database: str) -> None:
    upgrade(empty_database)
    closed = (UUID(int=1), [datetime(2026, 4, 2, 12, tzinfo=UTC)], None, None)
    opened = (UUID(int=2), [], *(datetime(2026, 4, 2, 12, 0, at, tzinfo=UTC) for at in (0, 30)))
    with psycopg.connect(empty_database, autocommit=True) as connection:
        connection.execute("DROP TABLE loopctl_pipelines.circuit_breakers")
        _at_revision_12(connection)
        for circuit in (closed, opened):
            connection.execute(
                "INSERT INTO loopctl_pipelines.embedding_breakers"
                " (tenant_id, failures, opened_at, open_until, updated_at)"
                " VALUES (%s, %s, %s, %s, now())",
                circuit,
            )
        for _ in range(2):
            upgrade(empty_database)
            _at_revision_12(connection)  # so that the revision runs a second time
        circuits = connection.execute(
            "SELECT tenant_id, failures, opened_at, open_until, vendor"
            " FROM loopctl_pipelines.circuit_breakers ORDER BY 1"
        ).fetchall()
        assert circuits == [(*closed, "openai"), (*opened, "openai")]
        # processes of the older version may still use theirs
        circuits = connection.execute(
            "SELECT tenant_id, failures, opened_at, open_until"
            " FROM loopctl_pipelines.embedding_breakers ORDER BY 1"
        ).fetchall()
        assert circuits == [closed, opened]


def test_a_newer_circuit_is_kept_when_the_revision_runs_again(empty_database: str) -> None:
    upgrade(empty_database)
    circuits = "SELECT vendor, updated_at FROM loopctl_pipelines.circuit_breakers"
    with psycopg.connect(empty_database, autocommit=True) as connection:
        connection.execute(
            "INSERT INTO loopctl_pipelines.circuit_breakers (tenant_id, vendor, updated_at)"
            " SELECT %s, vendor, now() FROM unnest('{openai,acme}'::text[]) AS vendor",
            [UUID(int=1)],
        )
        connection.execute(
            "INSERT INTO loopctl_pipelines.embedding_breakers (tenant_id, updated_at)"
            " VALUES (%s, '2026-04-02')",
            [UUID(int=1)],
        )
        before = connection.execute(circuits).fetchall()
        _at_revision_12(connection)
        upgrade(empty_database)
        assert connection.execute(circuits).fetchall() == before


def _at_revision_12(connection: psycopg.Connection) -> None:
    connection.execute("UPDATE loopctl_pipelines.alembic_version SET version_num = '0012'")


def test_an_upgrade_leaves_logging_as_it_was(empty_database: str) -> None:
    before = {name: logging.getLogger(name).handlers[:] for name in ("", "alembic", "sqlalchemy")}
    ours = logging.getLogger("loopctl_pipelines_tests.some_logger")
    upgrade(empty_database)
    assert not ours.disabled
    assert {name: logging.getLogger(name).handlers for name in before} == before


def test_tables_land_in_public_whatever_the_search_path_of_the_login(empty_database: str) -> None:
    with psycopg.connect(empty_database, autocommit=True) as connection:
        connection.execute("CREATE SCHEMA elsewhere")
        connection.execute("CREATE SCHEMA extensions")
        connection.execute("CREATE EXTENSION vector SCHEMA extensions")
        name = sql.Identifier(connection.info.dbname)
        connection.execute(
            sql.SQL("ALTER DATABASE {} SET search_path = elsewhere, public").format(name)
        )
    upgrade(empty_database)
    with psycopg.connect(empty_database) as connection:
        assert relations(connection, "elsewhere") == set()
        assert set(LOOPCTL_TABLES) <= relations(connection, "public")


def test_the_view_reads_public_whatever_the_search_path_of_the_login(empty_database: str) -> None:
    upgrade(empty_database)
    with psycopg.connect(empty_database, autocommit=True) as connection:
        connection.execute("DROP SCHEMA loopctl_pipelines CASCADE")
        name = sql.Identifier(connection.info.dbname)
        connection.execute(sql.SQL("ALTER DATABASE {} SET search_path = elsewhere").format(name))
        assert upgrade(empty_database).created == ()
        assert is_upgraded(connection)


def test_absent_roles_are_created_and_only_the_admin_bypasses_row_level_security(
    empty_database: str,
) -> None:
    upgrade(empty_database)
    with psycopg.connect(empty_database) as connection:
        # rolled back at the end: roles belong to the whole cluster
        for role in ("loopctl_app", "loopctl_admin"):
            old, new = sql.Identifier(role), sql.Identifier(f"{role}_{uuid4().hex}")
            connection.execute(sql.SQL("ALTER ROLE {} RENAME TO {}").format(old, new))
        connection.execute(migration_sql("loopctl/roles"))
        rows = connection.execute(
            "SELECT rolname, rolbypassrls, rolcanlogin, rolsuper FROM pg_roles"
            " WHERE rolname IN ('loopctl_app', 'loopctl_admin') ORDER BY rolname"
        ).fetchall()
        connection.rollback()
    assert rows == [("loopctl_admin", True, False, False), ("loopctl_app", False, False, False)]
