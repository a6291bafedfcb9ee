"""A day's work reads the day's rows, however many days are stored before and after it."""

from datetime import date, timedelta

import pytest

from loopctl_pipelines.costs.rollup import roll_up
from loopctl_pipelines.costs.side_by_side import Work
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


@pytest.fixture(autouse=True)
def usage(database: Database) -> Usage:
    """Give a tenant that has reported the same for 400 days, all of them rolled up."""
    usage = Usage()
    for n in range(REPORTS_A_DAY):
        corrected = usage.reports[0].id if 0 < n <= CORRECTIONS_A_DAY else None
        usage.report("a", DAY, 1000, agent=f"a{n % AGENTS}", story=f"s{n % 7}", corrects=corrected)
    usage.write(database)
    with database.operator_transaction() as connection:
        connection.execute(_REPEAT, [DAYS - 1])
    roll_up_all(database, [unit("a", DAY, DAY + timedelta(days=DAYS - 1))])
    with database.operator_transaction() as connection:
        connection.execute("ANALYZE")
    return usage


@pytest.mark.parametrize("work", [roll_up, detect])
def test_a_day_of_a_long_history_is_found_by_index(database: Database, work: Work[object]) -> None:
    with database.tenant_transaction(id_of("a")) as connection:
        before = dict(connection.execute(_ROWS_READ).fetchall())
        work(connection, unit("a", DAY + timedelta(days=DAYS // 2)))
        after = dict(connection.execute(_ROWS_READ).fetchall())
    reports, summaries = (after[table] - before.get(table, 0) for table in _TABLES)
    # every correction reads its original
    assert 0 < reports <= REPORTS_A_DAY + CORRECTIONS_A_DAY
    # the rollup reads them to clear the flag, to compare and to delete
    assert 0 < summaries <= 3 * SCOPES
