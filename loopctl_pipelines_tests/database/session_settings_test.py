"""Settings of the server, the database or the role change no result."""

from collections.abc import Iterator
from contextlib import closing
from datetime import date

import psycopg
import pytest
from psycopg import sql

from loopctl_pipelines.anomaly_rule import AnomalyRule
from loopctl_pipelines.costs.anomalies.anomalies_match_rule import check_anomalies
from loopctl_pipelines.costs.errors import RollupError
from loopctl_pipelines.costs.summaries.rollup import roll_up
from loopctl_pipelines.costs.summaries.summaries_match_reports import check_summaries
from loopctl_pipelines.costs.table_use import COST_TABLES
from loopctl_pipelines.costs.tenant_work.per_tenant import Failed, run_per_tenant
from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.database.preflight import check_database
from loopctl_pipelines.database.retries import OutagePatience
from loopctl_pipelines.database.upgrade import upgrade
from loopctl_pipelines.knowledge.embedding.operator_queries import pending_embeddings
from loopctl_pipelines.knowledge.embedding.table_use import EMBEDDING_TABLES
from loopctl_pipelines_tests.costs.anomalies.deviations import (
    ONE_HIGH,
    anomalies,
    detected,
    spend,
)
from loopctl_pipelines_tests.costs.runs import unit
from loopctl_pipelines_tests.usage import id_of

# days that DMY and MDY read differently, or not at all
DAYS = (date(2026, 4, 3), date(2026, 4, 21), date(2026, 4, 25))
SETTINGS = [
    ("DateStyle", "'SQL, DMY'"),
    ("DateStyle", "'German'"),
    ("DateStyle", "'Postgres, MDY'"),
    ("IntervalStyle", "'sql_standard'"),
    ("TimeZone", "'Pacific/Kiritimati'"),
    ("default_transaction_isolation", "'serializable'"),
    ("search_path", "pg_catalog"),
    ("bytea_output", "'escape'"),
    ("extra_float_digits", "-15"),
    ("standard_conforming_strings", "off"),
    ("quote_all_identifiers", "on"),
    ("lock_timeout", "'1ms'"),
    ("idle_in_transaction_session_timeout", "'1s'"),
    ("idle_session_timeout", "'100ms'"),
]


@pytest.fixture
def changed(request: pytest.FixtureRequest, database_url: str) -> Iterator[Database]:
    """Give a database with one setting changed for every new session."""
    name, value = request.param
    with psycopg.connect(database_url, autocommit=True) as connection:
        setting = sql.SQL("ALTER DATABASE {database} SET {name} = ").format(
            database=sql.Identifier(connection.info.dbname), name=sql.Identifier(name)
        )
        connection.execute(setting + sql.SQL(value))
    with closing(Database(database_url, "loopctl_app")) as database:
        yield database


@pytest.mark.parametrize("changed", SETTINGS, indirect=True, ids=" ".join)
def test_the_anomalies_of_several_days_are_the_same_whatever_a_setting_is(
    changed: Database,
) -> None:
    for day in DAYS:
        spend(changed, ONE_HIGH, day)
        detected(changed, day)
    detected(changed, DAYS[0])
    spend(changed, (2000,) * 5, DAYS[2])
    detected(changed, DAYS[2])
    (anomaly,) = anomalies(changed)
    assert anomaly["metadata"]["period"] == "2026-04-21"
    assert anomaly["metadata"]["earlier"] == ["2026-04-03"]
    assert (anomaly["resolved"], str(anomaly["deviation_factor"])) == (False, "4.50")


@pytest.mark.parametrize("changed", SETTINGS, indirect=True, ids=" ".join)
def test_the_checks_find_nothing_and_the_preflight_passes_whatever_a_setting_is(
    changed: Database,
) -> None:
    for tables in (COST_TABLES, EMBEDDING_TABLES):
        check_database(changed, tables)
    for day in DAYS:
        spend(changed, ONE_HIGH, day)
        detected(changed, day)
    whole = unit("a", DAYS[0], DAYS[2])
    with changed.tenant_transaction(id_of("a")) as connection:
        assert [each.differences for each in check_summaries(connection, whole)] == [0] * 23
        checked = check_anomalies(connection, whole, rule=AnomalyRule())
        assert [each.different for each in checked] == [[]] * 23
    assert pending_embeddings(changed) == []


@pytest.mark.parametrize("changed", SETTINGS, indirect=True, ids=" ".join)
def test_an_upgrade_succeeds_whatever_a_setting_is(
    changed: Database, database_url: str, empty_database: str
) -> None:
    check_database(changed, COST_TABLES)
    upgrade(database_url)
    assert upgrade(empty_database).created


def test_pgvector_may_be_in_a_schema_of_its_own(empty_database: str) -> None:
    with psycopg.connect(empty_database, autocommit=True) as connection:
        connection.execute("CREATE SCHEMA extensions")
        connection.execute("CREATE EXTENSION vector SCHEMA extensions")
    upgrade(empty_database)
    upgrade(empty_database)
    with psycopg.connect(empty_database, autocommit=True) as connection:
        connection.execute("GRANT USAGE ON SCHEMA extensions TO loopctl_app")
    with closing(Database(empty_database, "loopctl_app")) as database:
        check_database(database, EMBEDDING_TABLES)
        with database.tenant_transaction(id_of("a")) as connection:
            found = connection.execute("SELECT '[1,2]'::vector <=> '[1,2]'::vector").fetchone()
        assert found == (0.0,)


def test_the_bounds_of_a_transaction_are_set_beside_the_pinned_settings(
    database_url: str,
) -> None:
    with (
        closing(Database(database_url, "loopctl_app", statement_seconds=7)) as database,
        database.tenant_transaction(id_of("a"), lock_seconds=2) as connection,
    ):
        names = ("lock_timeout", "statement_timeout", "datestyle", "timezone", "jit", "role")
        values = [connection.execute(f"SHOW {name}".encode()).fetchone() for name in names]
    shown = [value[0] for value in values if value]
    assert shown == ["2s", "7s", "ISO, YMD", "UTC", "off", "loopctl_app"]


@pytest.mark.parametrize(
    "changed", [("default_transaction_read_only", "on")], indirect=True, ids=" ".join
)
def test_a_database_that_is_read_only_is_told_and_that_a_standby_is_such_a_server(
    changed: Database,
) -> None:
    # as after a failover, a run waits for it to be the primary again
    patience = OutagePatience(seconds=1.0)
    (failed,) = run_per_tenant(changed, [unit("a", DAYS[0])], roll_up, RollupError, patience)
    assert isinstance(failed, Failed)
    assert "the database is read-only (a standby, or default_transaction" in str(failed.error)
    assert failed.error.sqlstate == "25006"
