"""Which tables are distributed on Citus.

Citus itself is not here: functions of the same names note what they are called for.
"""

import psycopg
import pytest

from loopctl_pipelines.database.migrations.loopctl_tables import JOB_QUEUE, LOOPCTL_TABLES
from loopctl_pipelines_tests.deploy.files import DEPLOY

_SCRIPT = DEPLOY / "citus" / "distribute.sql"
_CITUS = """
CREATE TABLE pg_dist_partition (logicalrelid regclass, place serial);
CREATE FUNCTION create_reference_table(name text) RETURNS void LANGUAGE sql
BEGIN ATOMIC INSERT INTO pg_dist_partition VALUES (name::regclass); END;
CREATE FUNCTION create_distributed_table(name text, of text, colocate_with text) RETURNS void
LANGUAGE sql BEGIN ATOMIC INSERT INTO pg_dist_partition VALUES (name::regclass); END;
"""


@pytest.fixture
def distributed(database_url: str) -> list[str]:
    """Run the script twice; return the tables in the order in which they were distributed."""
    script = _SCRIPT.read_text()
    # the role belongs to the tests' server, which other tests use
    changed = script.replace("ALTER ROLE loopctl_app LOGIN;", "")
    assert changed != script
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(_CITUS)
        for _ in range(2):
            connection.execute(changed)
        rows = connection.execute("SELECT logicalrelid::text FROM pg_dist_partition ORDER BY place")
        return [name for (name,) in rows]


def test_every_table_with_a_tenant_is_distributed_once(
    distributed: list[str], database_url: str
) -> None:
    with psycopg.connect(database_url) as connection:
        rows = connection.execute(
            "SELECT c.oid::regclass::text FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid"
            " WHERE a.attname = 'tenant_id' AND c.relkind IN ('r', 'p') AND NOT c.relispartition"
        )
        with_tenant = [name for (name,) in rows]
    assert "loopctl_pipelines.tenant_operations" in with_tenant
    assert sorted(distributed) == sorted([*with_tenant, "tenants"])


def test_loopctls_tables_come_first_in_the_order_of_their_foreign_keys(
    distributed: list[str],
) -> None:
    own = [name for name in distributed if "." in name]
    tables = distributed[: -len(own)]
    assert tables[:2] == ["tenants", "api_keys"]
    assert tables[2:] == [each for each in LOOPCTL_TABLES if each not in {*tables[:2], JOB_QUEUE}]


def test_tenant_transactions_on_workers_know_the_tenant(
    distributed: list[str], database_url: str
) -> None:
    assert distributed
    with psycopg.connect(database_url) as connection:
        row = connection.execute("SHOW citus.propagate_set_commands").fetchone()
    assert row == ("local",)
