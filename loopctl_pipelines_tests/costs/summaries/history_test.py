"""A day's work reads the day's rows, however many days are stored before and after it."""

from contextlib import closing
from datetime import date, timedelta

import pytest

from loopctl_pipelines.costs.summaries.rollup import roll_up
from loopctl_pipelines.costs.tenant_work.per_tenant import Work
from loopctl_pipelines.database.connection import Database
from loopctl_pipelines_tests.costs.runs import detect, roll_up_all, unit
from loopctl_pipelines_tests.usage import Usage, id_of

DAY = date(2026, 1, 1)
DAYS = 400
AGENTS = 20
REPORTS_A_DAY = 5 * AGENTS
CORRECTIONS_A_DAY = 10
SCOPES = AGENTS + 2  # an epic and a project

# the first day once more on each of the following ones
_REPEAT = """
    INSERT INTO token_usage_reports (
        id, tenant_id, story_id, agent_id, project_id, input_tokens, output_tokens, model_name,
        cost_millicents, inserted_at, updated_at, corrects_report_id
    )
    SELECT
        gen_random_uuid(), tenant_id, story_id, agent_id, project_id, input_tokens, output_tokens,
        model_name, cost_millicents, inserted_at + make_interval(days => n), updated_at,
        corrects_report_id
    FROM token_usage_reports, generate_series(1, %s) AS n
"""
_TABLES = ("token_usage_reports", "cost_summaries")
_ROWS_READ = "SELECT relname, seq_tup_read + idx_tup_fetch FROM pg_stat_xact_user_tables"


@pytest.fixture
def usage() -> Usage:
    """Give a tenant's reports of a day."""
    usage = Usage()
    for n in range(REPORTS_A_DAY):
        corrected = usage.reports[0].id if 0 < n <= CORRECTIONS_A_DAY else None
        usage.report("a", DAY, 1000, agent=f"a{n % AGENTS}", story=f"s{n % 7}", corrects=corrected)
    return usage


def _write_history(database: Database, usage: Usage) -> None:
    """Store that the tenant has reported the same for 400 days, and roll all of them up."""
    usage.write(database)
    with database.operator_transaction() as connection:
        connection.execute(_REPEAT, [DAYS - 1])
    roll_up_all(database, [unit("a", DAY, DAY + timedelta(days=DAYS - 1))])


def _rows_read(database: Database, work: Work[object]) -> tuple[int, int]:
    """Return how many reports and summaries a day's work reads."""
    with database.tenant_transaction(id_of("a")) as connection:
        before = dict(connection.execute(_ROWS_READ).fetchall())
        work(connection, unit("a", DAY + timedelta(days=DAYS // 2)))
        after = dict(connection.execute(_ROWS_READ).fetchall())
    reports, summaries = (after[table] - before.get(table, 0) for table in _TABLES)
    return reports, summaries


@pytest.mark.parametrize("work", [roll_up, detect])
def test_a_day_of_a_long_history_is_found_by_index(
    database: Database, usage: Usage, work: Work[object]
) -> None:
    _write_history(database, usage)
    with database.operator_transaction() as connection:
        connection.execute("ANALYZE")
    reports, summaries = _rows_read(database, work)
    # every correction reads its original
    assert 0 < reports <= REPORTS_A_DAY + CORRECTIONS_A_DAY
    # the rollup reads them to clear the flag, to compare and to delete
    assert 0 < summaries <= 3 * SCOPES


@pytest.mark.parametrize("work", [roll_up, detect])
def test_what_was_planned_while_the_tables_were_empty_reads_no_other_tenants_rows(
    database: Database, usage: Usage, work: Work[object]
) -> None:
    with closing(database.connect()) as connection:
        connection.autocommit = True
        connection.execute("VACUUM (ANALYZE) token_usage_reports, cost_summaries")
    assert _rows_read(database, work) == (0, 0)
    for n in range(REPORTS_A_DAY):
        usage.report("b", DAY, 1000, agent=f"a{n % AGENTS}")
    _write_history(database, usage)
    roll_up_all(database, [unit("b", DAY, DAY + timedelta(days=DAYS - 1))])
    # at most what is the tenant's own: no statistics say which of its indexes is the best one
    reports, summaries = _rows_read(database, work)
    assert 0 < reports <= DAYS * (REPORTS_A_DAY + CORRECTIONS_A_DAY)
    assert 0 < summaries <= 3 * DAYS * SCOPES
