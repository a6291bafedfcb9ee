"""A delete that commits during a rollup is in its figures, or the rows say they are stale."""

from concurrent.futures import Future, ThreadPoolExecutor
from datetime import date

import pytest

from loopctl_pipelines.costs.summaries.rollup import roll_up
from loopctl_pipelines.database.connection import Database, TenantConnection
from loopctl_pipelines_tests.costs.interleaved import acting_after, until_it_ends_or_waits
from loopctl_pipelines_tests.costs.runs import roll_up_all, stored_summaries, unit
from loopctl_pipelines_tests.costs.summaries import oracle
from loopctl_pipelines_tests.usage import Usage, id_of

DAY = date(2026, 4, 2)
UNIT = unit("a", DAY)
# before the lock and after each statement: the lock, the flags, the archived days, the summaries
PLACES = range(5)


@pytest.fixture(params=["unchanged", "changed", "stale"])
def usage(database: Database, request: pytest.FixtureRequest) -> Usage:
    """Give a day that was rolled up; nothing, something, or a delete has happened since."""
    usage = Usage()
    usage.report("a", DAY, 1000)
    usage.report("a", DAY, 200)
    usage.report("a", DAY, 50, agent="other")
    usage.write(database)
    roll_up_all(database, [UNIT])
    if request.param == "changed":
        usage.report("a", DAY, 3)
        usage.report("a", DAY, 3, agent="other")
        usage.write(database)
    if request.param == "stale":
        with database.tenant_transaction(UNIT.tenant.id) as connection:
            _delete(connection, usage, 1)
    return usage


def _delete(connection: TenantConnection, usage: Usage, which: int) -> None:
    """Delete a report and mark what it was in, as loopctl does."""
    connection.execute(
        "UPDATE token_usage_reports SET deleted_at = now() WHERE id = %s", [usage.reports[which].id]
    )
    connection.execute(
        "UPDATE cost_summaries SET stale = true WHERE scope_id = ANY(%s)",
        [[id_of("a", "agent", "a"), id_of("a", "epic", "e"), id_of("a", "project")]],
    )


def _assert_nothing_is_lost(database: Database, usage: Usage) -> None:
    """Every row that is not marked has the right figures, and the next run puts all right."""
    right = _expected(database, usage)
    stored = stored_summaries(database)
    assert {
        key: row for key, row in stored.items() if not row.stale and row != right.get(key)
    } == {}
    roll_up_all(database, [UNIT])
    assert stored_summaries(database) == right


def _expected(database: Database, usage: Usage) -> dict[oracle.SummaryKey, oracle.Summary]:
    with database.tenant_transaction(UNIT.tenant.id) as connection:
        deleted = {
            row[0]
            for row in connection.execute(
                "SELECT id FROM token_usage_reports WHERE deleted_at IS NOT NULL"
            )
        }
    kept = [report for report in usage.reports if report.id not in deleted]
    return oracle.summaries(kept, usage.epic_of(), {DAY})


@pytest.mark.parametrize("statements", PLACES)
def test_a_delete_that_happens_between_two_statements_is_not_lost(
    database: Database, usage: Usage, statements: int
) -> None:
    deleting: list[Future[None]] = []

    def delete() -> None:
        with database.tenant_transaction(UNIT.tenant.id) as connection:
            _delete(connection, usage, 0)

    with ThreadPoolExecutor() as pool:
        with acting_after(
            database,
            UNIT.tenant.id,
            statements,
            lambda: deleting.append(until_it_ends_or_waits(database, pool, delete)),
        ) as connection:
            roll_up(connection, UNIT)
        (deleted,) = deleting
        deleted.result()
    _assert_nothing_is_lost(database, usage)


@pytest.mark.parametrize("statements", PLACES)
def test_a_delete_that_began_before_and_commits_after_each_statement_is_not_lost(
    database: Database, usage: Usage, statements: int
) -> None:
    with database.connect() as deleting, ThreadPoolExecutor() as pool:
        _delete(deleting, usage, 0)

        def rolled_up() -> None:
            with acting_after(database, UNIT.tenant.id, statements, deleting.commit) as connection:
                roll_up(connection, UNIT)

        running = until_it_ends_or_waits(database, pool, rolled_up)
        deleting.commit()
        running.result()
    _assert_nothing_is_lost(database, usage)


def test_a_delete_during_a_days_first_rollup_is_put_right_by_the_next_one(
    database: Database,
) -> None:
    usage = Usage()
    usage.report("a", DAY, 1000)
    usage.report("a", DAY, 200)
    usage.write(database)
    with database.tenant_transaction(UNIT.tenant.id) as connection:
        roll_up(connection, UNIT)
        # loopctl sees no summary yet that it could mark
        with database.tenant_transaction(UNIT.tenant.id) as deleting:
            _delete(deleting, usage, 0)
    roll_up_all(database, [UNIT])
    assert stored_summaries(database) == _expected(database, usage)
