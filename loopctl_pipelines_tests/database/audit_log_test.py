"""The audit log that an upgrade creates: append-only, and no way around its row-level security."""

from datetime import UTC, datetime
from uuid import UUID

import psycopg
import pytest
from psycopg import Connection, sql
from psycopg.errors import InsufficientPrivilege, RaiseException
from psycopg.rows import TupleRow

from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.database.migrations.driver import migration_sql
from loopctl_pipelines.database.upgrade import upgrade

_OURS, _THEIRS = UUID(int=1), UUID(int=2)

_ADD = """
    INSERT INTO audit_log (tenant_id, entity_type, entity_id, action, actor_type, inserted_at)
    VALUES (%s, 'story', gen_random_uuid(), 'created', 'system', %s)
"""


def _partitions(connection: Connection[TupleRow]) -> list[str]:
    rows = connection.execute(
        "SELECT relid::text FROM pg_partition_tree('audit_log') WHERE isleaf ORDER BY 1"
    )
    return [name for (name,) in rows.fetchall()]


def _add_rows_of_two_tenants(connection: Connection[TupleRow]) -> None:
    for tenant in (_OURS, _THEIRS):
        for month in (datetime(2020, 1, 31, tzinfo=UTC), datetime.now(UTC)):
            connection.execute(_ADD, [tenant, month.replace(tzinfo=None)])


def test_there_are_four_months_and_a_default_partition(empty_database: str) -> None:
    upgrade(empty_database)
    with psycopg.connect(empty_database) as connection:
        default, *months = _partitions(connection)
        expected = connection.execute(
            """
            SELECT to_char(
                date_trunc('month', now() AT TIME ZONE 'UTC') + make_interval(months => ahead),
                '"audit_log_y"YYYY"m"MM'
            )
            FROM generate_series(0, 3) AS ahead
            """
        ).fetchall()
    assert default == "audit_log_default"
    assert months == [name for (name,) in expected]


def test_a_tenant_can_write_an_entry_of_any_month(empty_database: str) -> None:
    upgrade(empty_database)
    database = Database(empty_database, "loopctl_app")
    with database.tenant_transaction(_OURS) as connection:
        connection.execute(_ADD, [_OURS, datetime(2020, 1, 31)])  # noqa: DTZ001 - naive UTC
    with database.tenant_transaction(_OURS) as connection:
        found = connection.execute("SELECT tableoid::regclass::text FROM audit_log").fetchall()
    database.close()
    assert found == [("audit_log_default",)]


def test_a_tenant_can_write_no_entry_without_a_tenant(empty_database: str) -> None:
    upgrade(empty_database)
    database = Database(empty_database, "loopctl_app")
    for tenant in (None, _THEIRS):
        with (
            pytest.raises(InsufficientPrivilege, match="row-level security"),
            database.tenant_transaction(_OURS) as connection,
        ):
            connection.execute(_ADD, [tenant, datetime(2020, 1, 31)])  # noqa: DTZ001 - naive UTC
    database.close()


def test_a_tenant_cannot_change_a_tenant(empty_database: str) -> None:
    upgrade(empty_database)
    database = Database(empty_database, "loopctl_app")
    for change in ("UPDATE tenants SET name = ''", "DELETE FROM tenants"):
        with (
            pytest.raises(InsufficientPrivilege, match="permission denied for table tenants"),
            database.tenant_transaction(_OURS) as connection,
        ):
            connection.execute(change.encode())
    database.close()


def test_the_role_cannot_read_a_partition_by_its_name(empty_database: str) -> None:
    with psycopg.connect(empty_database, autocommit=True) as connection:
        # as in loopctl's databases, where every new table is granted to the role
        connection.execute(migration_sql("loopctl/roles"))
        connection.execute(
            "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO loopctl_app"
        )
        upgrade(empty_database)
        connection.execute("SET ROLE loopctl_app")
        partitions = _partitions(connection)
        for partition in partitions:
            with pytest.raises(InsufficientPrivilege):
                connection.execute(sql.SQL("TABLE {}").format(sql.Identifier(partition)))
    assert partitions


def test_a_partition_that_is_granted_by_hand_still_shows_one_tenant(empty_database: str) -> None:
    upgrade(empty_database)
    with psycopg.connect(empty_database, autocommit=True) as connection:
        _add_rows_of_two_tenants(connection)
        partitions = _partitions(connection)
        for partition in partitions:
            connection.execute(
                sql.SQL("GRANT SELECT ON {} TO loopctl_app").format(sql.Identifier(partition))
            )
    database = Database(empty_database, "loopctl_app")
    with database.tenant_transaction(_OURS) as connection:
        seen = [
            tenant
            for partition in partitions
            for (tenant,) in connection.execute(
                sql.SQL("SELECT tenant_id FROM {}").format(sql.Identifier(partition))
            )
        ]
    database.close()
    assert seen == [_OURS, _OURS]


@pytest.mark.parametrize("change", [b"UPDATE audit_log SET action = 'x'", b"DELETE FROM audit_log"])
def test_an_entry_can_be_neither_changed_nor_deleted_even_by_a_superuser(
    empty_database: str, change: bytes
) -> None:
    upgrade(empty_database)
    with psycopg.connect(empty_database, autocommit=True) as connection:
        _add_rows_of_two_tenants(connection)
        with pytest.raises(RaiseException, match="append-only"):
            connection.execute(change)
