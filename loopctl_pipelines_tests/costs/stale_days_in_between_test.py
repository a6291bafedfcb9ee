"""A change that commits during rollup or detection is in their result, or recomputed later."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import date

import pytest

from loopctl_pipelines.costs.operator_queries import stale_days
from loopctl_pipelines.costs.summaries.rollup import roll_up
from loopctl_pipelines.database.connection import Database, TenantConnection
from loopctl_pipelines_tests.costs.anomalies.anomaly_oracle import found_anew
from loopctl_pipelines_tests.costs.interleaved import acting_after, until_it_ends_or_waits
from loopctl_pipelines_tests.costs.runs import (
    detect,
    detect_all,
    roll_up_all,
    stored_anomalies,
    stored_summaries,
    unit,
)
from loopctl_pipelines_tests.costs.summaries import oracle
from loopctl_pipelines_tests.usage import Usage, at, id_of

DAY = date(2026, 4, 2)
UNIT = unit("a", DAY)
MARKED = [id_of("a", "agent", "a"), id_of("a", "epic", "e"), id_of("a", "project")]
# before the lock and after each statement: the lock, the flags, the archived days, the summaries
OF_ROLLUP = range(5)
# and: the lock, the tenant's rule, the archived days, the stories, the anomalies, the changes
OF_DETECTION = range(6)

Act = Callable[[TenantConnection, Usage], None]


def delete(connection: TenantConnection, usage: Usage) -> None:
    """Delete the report that makes its story an anomaly, and mark what it was in."""
    connection.execute(
        "UPDATE token_usage_reports SET deleted_at = now() WHERE id = %s", [usage.reports[0].id]
    )
    connection.execute("UPDATE cost_summaries SET stale = true WHERE scope_id = ANY(%s)", [MARKED])


def correct(connection: TenantConnection, usage: Usage) -> None:
    """Correct that report down to what the others cost, and mark what it was in."""
    original = usage.reports[0]
    connection.execute(
        "INSERT INTO token_usage_reports (id, tenant_id, story_id, agent_id, project_id,"
        " input_tokens, output_tokens, model_name, cost_millicents, inserted_at, updated_at,"
        " corrects_report_id)"
        " SELECT %s, tenant_id, story_id, agent_id, project_id, 0, 0, model_name, -8750,"
        " %s, %s, id FROM token_usage_reports WHERE id = %s",
        [id_of("correction"), at(DAY, 23), at(DAY, 23), original.id],
    )
    connection.execute("UPDATE cost_summaries SET stale = true WHERE scope_id = ANY(%s)", [MARKED])


@pytest.fixture(params=[delete, correct])
def act(request: pytest.FixtureRequest) -> Act:
    act: Act = request.param
    return act


@pytest.fixture
def usage(database: Database) -> Usage:
    """Give a day with an anomaly, rolled up and compared; a report has come in since."""
    usage = Usage()
    for n, cost in enumerate((9000, 250, 250, 250, 250)):
        usage.report("a", DAY, cost, story=f"s{n}")
    usage.write(database)
    roll_up_all(database, [UNIT])
    detect_all(database, [UNIT])
    usage.report("a", DAY, 10, story="s1")
    usage.write(database)
    return usage


def _in_a_transaction_of_its_own(database: Database, act: Act, usage: Usage) -> None:
    with database.tenant_transaction(UNIT.tenant.id) as connection:
        act(connection, usage)


@contextmanager
def _between(
    database: Database, statements: int, act: Act, usage: Usage
) -> Iterator[TenantConnection]:
    """Act after so many statements, and go on when that has committed or waits for a lock."""
    acting: list[Future[None]] = []
    with ThreadPoolExecutor() as pool:

        def interrupt() -> None:
            def run() -> None:
                _in_a_transaction_of_its_own(database, act, usage)

            acting.append(until_it_ends_or_waits(database, pool, run))

        with acting_after(database, UNIT.tenant.id, statements, interrupt) as connection:
            yield connection
        (acted,) = acting
        acted.result()


def _assert_all_is_right_once_recomputed(database: Database, usage: Usage, act: Act) -> None:
    """Recompute stale days like the sensor; then no deleted or corrected cost is left."""
    while stale := stale_days(database, DAY, DAY):
        assert stale == [(UNIT.tenant.id, DAY)]
        roll_up_all(database, [UNIT])
        detect_all(database, [UNIT])
    if act is correct:
        usage.report("a", at(DAY, 23), -8750, story="s0", tokens=(0, 0), phase="other")
    kept = usage.reports[1:] if act is delete else usage.reports
    assert stored_summaries(database) == oracle.summaries(kept, usage.epic_of(), {DAY})
    assert stored_anomalies(database) == found_anew(kept, usage.epic_of(), {DAY}) == {}


@pytest.mark.parametrize("statements", OF_ROLLUP)
def test_what_commits_between_two_statements_of_a_rollup_is_not_lost(
    database: Database, usage: Usage, act: Act, statements: int
) -> None:
    with _between(database, statements, act, usage) as connection:
        roll_up(connection, UNIT)
    detect_all(database, [UNIT])
    _assert_all_is_right_once_recomputed(database, usage, act)


@pytest.mark.parametrize("statements", OF_DETECTION)
def test_what_commits_between_two_statements_of_a_detection_is_not_lost(
    database: Database, usage: Usage, act: Act, statements: int
) -> None:
    roll_up_all(database, [UNIT])
    with _between(database, statements, act, usage) as connection:
        detect(connection, UNIT)
    _assert_all_is_right_once_recomputed(database, usage, act)


@pytest.mark.parametrize("statements", OF_ROLLUP)
def test_what_began_before_a_rollup_and_commits_after_any_statement_of_it_is_not_lost(
    database: Database, usage: Usage, act: Act, statements: int
) -> None:
    with database.connect() as acting, ThreadPoolExecutor() as pool:
        act(acting, usage)

        def rolled_up() -> None:
            with acting_after(database, UNIT.tenant.id, statements, acting.commit) as connection:
                roll_up(connection, UNIT)

        running = until_it_ends_or_waits(database, pool, rolled_up)
        acting.commit()
        running.result()
    detect_all(database, [UNIT])
    _assert_all_is_right_once_recomputed(database, usage, act)


def test_what_commits_between_rollup_and_detection_is_not_lost(
    database: Database, usage: Usage, act: Act
) -> None:
    roll_up_all(database, [UNIT])
    _in_a_transaction_of_its_own(database, act, usage)
    detect_all(database, [UNIT])
    _assert_all_is_right_once_recomputed(database, usage, act)
