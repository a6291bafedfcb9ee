"""A sharded database that would silently show no row is refused, with the command.

Citus itself is in no package index: its extension and its list of distributed tables are stand-ins.
"""

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from loopctl_pipelines.costs.table_use import COST_TABLES
from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.database.errors import NotShardedError
from loopctl_pipelines.database.preflight import check_database
from loopctl_pipelines_tests.shell import Shell

_STAND_IN = """
SET allow_system_table_mods = on;
INSERT INTO pg_extension (oid, extname, extowner, extnamespace, extrelocatable, extversion)
VALUES (99999, 'citus', 10, 'pg_catalog'::regnamespace, false, '14.0-1');
CREATE TABLE pg_catalog.pg_dist_partition (logicalrelid regclass);
GRANT SELECT ON pg_catalog.pg_dist_partition TO PUBLIC;
INSERT INTO pg_catalog.pg_dist_partition
SELECT oid FROM pg_class
WHERE relkind IN ('r', 'p')
  AND relnamespace IN ('public'::regnamespace, 'loopctl_pipelines'::regnamespace);
"""
_SET_UP = "ALTER DATABASE {} SET citus.propagate_set_commands = 'local'"
_FORGET = """
DELETE FROM pg_dist_partition
WHERE logicalrelid IN ('stories'::regclass, 'cost_summaries'::regclass)
"""


@pytest.fixture
def role(database_url: str) -> str:
    """Give a role of its own: roles belong to all databases of the server."""
    name = f"sharded_{conninfo_to_dict(database_url)['dbname']}"
    tables = "ALL TABLES IN SCHEMA public, loopctl_pipelines"
    _execute(
        database_url,
        f"CREATE ROLE {name} LOGIN; GRANT USAGE ON SCHEMA loopctl_pipelines TO {name};"
        f" GRANT SELECT, INSERT, UPDATE, DELETE ON {tables} TO {name};"
        f" GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA loopctl_pipelines TO {name};" + _STAND_IN,
    )
    return name


def _execute(url: str, text: str) -> None:
    name = str(conninfo_to_dict(url)["dbname"])
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(text.replace("{}", name).encode())


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        (f"{_SET_UP}; ALTER ROLE {{role}} NOLOGIN", "may not log in"),
        ("SELECT", "workers do not know the tenant"),
        (f"{_SET_UP}; {_FORGET}", "on no shard: cost_summaries, stories"),
    ],
)
def test_what_the_shards_would_not_show_is_refused(
    database_url: str, role: str, changed: str, problem: str
) -> None:
    for each in changed.replace("{role}", role).split("; "):
        _execute(database_url, each)
    with pytest.raises(NotShardedError, match=problem) as caught:
        check_database(Database(database_url, role), COST_TABLES)
    assert "deploy/citus/distribute.sql" in str(caught.value)


def test_a_sharded_database_that_is_set_up_is_fit(database_url: str, role: str) -> None:
    _execute(database_url, _SET_UP)
    check_database(Database(database_url, role), COST_TABLES)


def test_the_command_check_says_whether_the_database_is_sharded(
    database_url: str, role: str, shell: Shell
) -> None:
    sharded = shell.with_settings(LOOPCTL_DATABASE_URL=database_url, LOOPCTL_DATABASE_ROLE=role)
    _, out, _ = sharded.run("check")
    assert "workers do not know the tenant" in " ".join(out.split())
    _execute(database_url, _SET_UP)
    _, out, _ = sharded.run("check")
    assert "every table of a tenant is distributed" in " ".join(out.split())
