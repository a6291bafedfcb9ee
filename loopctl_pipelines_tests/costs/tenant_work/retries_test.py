"""What befalls a connection or a transaction is no fault of a tenant's data: it is tried again."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date

import pytest

from loopctl_pipelines.costs.errors import RollupError
from loopctl_pipelines.costs.planning.tenant_days import TenantDays
from loopctl_pipelines.costs.summaries.rollup import DaySummarized, roll_up
from loopctl_pipelines.costs.tenant_work.per_tenant import Failed, Landed, Work, run_per_tenant
from loopctl_pipelines.database.connection import Database, TenantConnection
from loopctl_pipelines.database.retries import OutagePatience
from loopctl_pipelines_tests.costs.interleaved import until_it_ends_or_waits
from loopctl_pipelines_tests.costs.runs import roll_up_all, stored_summaries, unit
from loopctl_pipelines_tests.usage import Usage

DAY = date(2026, 4, 1)
UNITS = [unit(slug, DAY) for slug in ("a", "b", "c")]
ONE = UNITS[0]


@pytest.fixture(autouse=True)
def usage(database: Database) -> Usage:
    """Give three tenants with a report each."""
    usage = Usage()
    for slug in ("a", "b", "c"):
        usage.report(slug, DAY, 1000)
    usage.write(database)
    return usage


def _run(
    database: Database,
    units: Sequence[TenantDays],
    work: Work[DaySummarized],
    patience: OutagePatience | None = None,
) -> tuple[list[Landed[DaySummarized]], list[Failed]]:
    ended = list(run_per_tenant(database, units, work, RollupError, patience))
    return (
        [end for end in ended if isinstance(end, Landed)],
        [end for end in ended if isinstance(end, Failed)],
    )


class Disturbed:
    """A rollup that something befalls in its first attempts."""

    def __init__(self, times: int, disturb: Callable[[TenantConnection], object]) -> None:
        self.attempts = 0
        self._times = times
        self._disturb = disturb

    def __call__(self, connection: TenantConnection, at: TenantDays) -> list[DaySummarized]:
        self.attempts += 1
        if self.attempts <= self._times:
            self._disturb(connection)
        return roll_up(connection, at)


def _killer(database: Database) -> Callable[[TenantConnection], object]:
    """Return what terminates the session of a connection, as an operator or a failover does."""

    def kill(connection: TenantConnection) -> None:
        roll_up(connection, ONE)
        with database.connect() as operator:
            pid = connection.info.backend_pid
            operator.execute("SELECT pg_terminate_backend(%s, 10000)", [pid])

    return kill


def test_a_session_that_is_terminated_is_replaced_and_the_work_done_once(
    database: Database,
) -> None:
    work = Disturbed(1, _killer(database))
    (landed,), failed = _run(database, [ONE], work)
    assert (work.attempts, failed) == (2, [])
    assert landed.days[0].written == 3


def test_a_session_that_is_terminated_each_time_fails_in_the_end_and_says_why(
    database: Database,
) -> None:
    work = Disturbed(1_000_000, _killer(database))
    landed, (failed,) = _run(database, [ONE], work, OutagePatience(seconds=2.0))
    assert landed == []
    assert "tenant 'a' for 2026-04-01 failed: the server ended the session" in str(failed.error)
    assert stored_summaries(database) == {}


def test_sessions_that_died_while_idle_are_replaced(database: Database) -> None:
    roll_up_all(database, UNITS)
    with database.connect() as operator:
        operator.execute(
            "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    landed, failed = _run(database, UNITS, roll_up)
    assert (len(landed), failed) == (3, [])


def test_a_serialization_failure_is_tried_again(database: Database) -> None:
    roll_up_all(database, [ONE])

    def mark() -> None:
        with database.tenant_transaction(ONE.tenant.id) as other:
            other.execute("UPDATE cost_summaries SET stale = true")

    def overtaken(connection: TenantConnection) -> None:
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        connection.execute("SELECT FROM cost_summaries")
        mark()

    mark()

    work = Disturbed(1, overtaken)
    (landed,), failed = _run(database, [ONE], work)
    assert (work.attempts, len(landed.days), failed) == (2, 1, [])
    assert not any(row.stale for row in stored_summaries(database).values())


def test_a_deadlock_is_tried_again(database: Database) -> None:
    roll_up_all(database, [ONE])
    agent = "UPDATE cost_summaries SET stale = true WHERE scope_type = 'agent'"
    project = "UPDATE cost_summaries SET stale = true WHERE scope_type = 'project'"
    with database.connect() as other, ThreadPoolExecutor() as pool:
        # only the rollup's session looks for deadlocks, so it is the one that is sacrificed
        other.execute("SET deadlock_timeout = '1h'")
        other.execute(agent)

        def take_the_other_row() -> None:
            other.execute(project)
            other.commit()

        def crossed(connection: TenantConnection) -> None:
            connection.execute(project)
            until_it_ends_or_waits(database, pool, take_the_other_row)
            connection.execute(agent)

        work = Disturbed(1, crossed)
        (landed,), failed = _run(database, [ONE], work)
    assert (work.attempts, len(landed.days), failed) == (2, 1, [])
