"""Behind a PgBouncer in transaction mode everything works as before the server itself."""

import os
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import psycopg
import pytest

from loopctl_pipelines.costs.table_use import COST_TABLES
from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.database.preflight import check_database
from loopctl_pipelines.database.retries import cause_of
from loopctl_pipelines.database.upgrade import upgrade
from loopctl_pipelines_tests.conftest import ROLE
from loopctl_pipelines_tests.costs.runs import (
    detect_all,
    roll_up_all,
    stored_summaries,
    unit,
)
from loopctl_pipelines_tests.costs.summaries import oracle
from loopctl_pipelines_tests.database.pgbouncer import PROGRAM, pooled
from loopctl_pipelines_tests.shell import Shell
from loopctl_pipelines_tests.usage import Usage, id_of

YESTERDAY = datetime.now(UTC).date() - timedelta(days=1)
DAY = date(2026, 4, 2)
SLUGS = ("a", "b", "c", "d", "e", "f")
# behind the pooler, each may be in another of its two sessions
TIMES = 12


@pytest.fixture
def pooled_url(database_url: str) -> Iterator[str]:
    """Give the database's URL behind a PgBouncer; where CI runs, it has to be installed."""
    if PROGRAM is None:
        reason = "PgBouncer is not installed (Debian: apt-get install pgbouncer)"
        pytest.fail(reason) if os.environ.get("CI") else pytest.skip(reason)
    with pooled(database_url) as url:
        yield url


@pytest.fixture
def behind(pooled_url: str) -> Iterator[Database]:
    with closing(Database(pooled_url, ROLE)) as database:
        yield database


def _prepared(database: Database) -> int:
    with database.operator_transaction() as connection:
        found = connection.execute("SELECT count(*) FROM pg_prepared_statements").fetchone()
    return found[0] if found else 0


def test_summaries_and_anomalies_of_many_tenants_at_once_are_right(behind: Database) -> None:
    usage = Usage()
    for slug in SLUGS:
        usage.report(slug, DAY, 1000)
    usage.write(behind)
    units = [unit(slug, DAY) for slug in SLUGS]
    for _ in range(TIMES):
        roll_up_all(behind, units)
        detect_all(behind, units)
    assert stored_summaries(behind) == oracle.summaries(usage.reports, usage.epic_of(), {DAY})


def test_a_transaction_is_that_of_its_tenant_whichever_session_it_gets(behind: Database) -> None:
    for number in range(TIMES):
        with behind.tenant_transaction(UUID(int=number)) as connection:
            found = connection.execute(
                "SELECT current_setting('app.current_tenant_id')::uuid, current_user::text"
            ).fetchone()
        assert found == (UUID(int=number), ROLE)


def test_statements_are_prepared_before_the_server_itself_and_not_behind_a_pooler(
    database: Database, behind: Database
) -> None:
    for each in (database, behind):
        with each.tenant_transaction(id_of("a")) as connection:
            connection.execute("SELECT 1", prepare=True)
    assert _prepared(database) == 1
    assert _prepared(behind) == 0


def test_the_preflight_and_an_upgrade_work(pooled_url: str, behind: Database) -> None:
    for _ in range(3):
        upgrade(pooled_url)
        check_database(behind, COST_TABLES)


def test_a_backfill_works(pooled_url: str, database: Database, shell: Shell) -> None:
    usage = Usage()
    for slug in SLUGS:
        usage.report(slug, YESTERDAY, 1000)
    usage.write(database)
    days = ("--from", f"{YESTERDAY - timedelta(days=9)}", "--to", f"{YESTERDAY}")
    behind = shell.with_settings(LOOPCTL_DATABASE_URL=pooled_url)
    code, out, err = behind.run("backfill", *days)
    assert (code, err) == (0, "")
    assert "60/60" in out


@pytest.mark.parametrize(
    "error",
    [psycopg.errors.DuplicatePreparedStatement(), psycopg.errors.InvalidSqlStatementName()],
    ids=repr,
)
def test_a_pooler_that_is_not_recognized_has_a_sentence_of_its_own(error: psycopg.Error) -> None:
    assert "a pooler" in cause_of(error.sqlstate)
