"""Under the role of tenant transactions, each tenant table shows and takes its own rows only."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg import sql
from psycopg.errors import InsufficientPrivilege

from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.database.migrations.loopctl_tables import JOB_QUEUE
from loopctl_pipelines.database.upgrade import upgrade
from loopctl_pipelines_tests.database.tenant_rows import (
    TENANT_TABLES,
    add_row,
    add_tenant_with_a_row_everywhere,
)

_OURS, _THEIRS = UUID(int=1), UUID(int=2)
_READABLE = (*(f"public.{table}" for table in TENANT_TABLES), "loopctl_pipelines.live_reports")


@pytest.fixture(scope="module", params=["loopctl_app", 'tenant "reader"'])
def database(
    request: pytest.FixtureRequest, new_empty_database: Callable[[], AbstractContextManager[str]]
) -> Iterator[Database]:
    """Two tenants with a row everywhere, entered with loopctl's role and with an operator's own.

    The tests share it: they read, are refused, or add what nobody reads.
    """
    role = str(request.param)
    with new_empty_database() as url:
        with psycopg.connect(url, autocommit=True) as connection:
            if role != "loopctl_app":
                role = f"{role} {uuid4().hex}"
                connection.execute(sql.SQL("CREATE ROLE {} NOLOGIN").format(sql.Identifier(role)))
            upgrade(url, role)
            for tenant in (_OURS, _THEIRS):
                add_tenant_with_a_row_everywhere(connection, tenant)
        with closing(Database(url, role)) as database:
            yield database


def _visible(database: Database, tenant: UUID) -> dict[str, list[UUID]]:
    with database.tenant_transaction(tenant) as connection:
        return {
            table: [
                owner
                for (owner,) in connection.execute(
                    sql.SQL("SELECT tenant_id FROM {}").format(sql.Identifier(*table.split(".")))
                )
            ]
            for table in _READABLE
        }


@pytest.mark.parametrize("tenant", [_OURS, _THEIRS])
def test_a_tenant_sees_its_own_row_of_every_table_and_no_other(
    database: Database, tenant: UUID
) -> None:
    assert _visible(database, tenant) == {table: [tenant] for table in _READABLE}


def test_a_tenant_without_rows_sees_none(database: Database) -> None:
    assert _visible(database, UUID(int=3)) == {table: [] for table in _READABLE}


@pytest.mark.parametrize("table", TENANT_TABLES)
def test_a_tenant_cannot_add_a_row_of_another(database: Database, table: str) -> None:
    with (
        pytest.raises(InsufficientPrivilege, match="row-level security"),
        database.tenant_transaction(_OURS) as connection,
    ):
        add_row(connection, table, _THEIRS)


def test_a_tenant_adds_jobs_to_the_queue_and_reads_none(database: Database) -> None:
    with database.tenant_transaction(_OURS) as connection:
        add_row(connection, JOB_QUEUE, _OURS)
    with (
        pytest.raises(InsufficientPrivilege, match="permission denied for table oban_jobs"),
        database.tenant_transaction(_OURS) as connection,
    ):
        connection.execute("SELECT FROM oban_jobs")
