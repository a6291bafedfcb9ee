"""What is waited for is a database that comes back, and nothing else."""

from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from loopctl_pipelines.database.errors import DatabaseUnreachableError
from loopctl_pipelines.database.retries import OutagePatience, outlast_outage, without_waiting

AWAY = [
    DatabaseUnreachableError("away"),
    DatabaseUnreachableError("too many connections", "53300"),
    psycopg.OperationalError("the connection broke"),
    psycopg.errors.AdminShutdown(),
    psycopg.errors.CrashShutdown(),
    psycopg.errors.CannotConnectNow(),
    psycopg.errors.ConnectionFailure(),
    psycopg.errors.TooManyConnections(),
    psycopg.errors.ReadOnlySqlTransaction(),
]
NOT_AWAY = [
    DatabaseUnreachableError("wrong password", "28P01"),
    psycopg.errors.CheckViolation(),
    psycopg.errors.InsufficientPrivilege(),
    psycopg.errors.DeadlockDetected(),
    psycopg.errors.QueryCanceled(),
    psycopg.ProgrammingError("no SQLSTATE"),
]


class Work:
    """Fails with these errors, one after the other, and is then done."""

    def __init__(self, *errors: Exception) -> None:
        self._left = iter(errors)
        self.attempts = 0

    def __call__(self) -> str:
        self.attempts += 1
        for error in self._left:
            raise error
        return "done"


@pytest.mark.parametrize("error", AWAY, ids=lambda error: type(error).__name__)
def test_a_database_that_is_away_is_waited_for(error: Exception) -> None:
    assert outlast_outage(Work(error, error)) == "done"


@pytest.mark.parametrize("error", NOT_AWAY, ids=lambda error: type(error).__name__)
def test_what_will_not_pass_is_told_at_once(error: Exception) -> None:
    work = Work(error)
    with pytest.raises(type(error)):
        outlast_outage(work)
    assert work.attempts == 1


def test_an_outage_that_lasts_is_told_in_the_end() -> None:
    work = Work(*[DatabaseUnreachableError("away")] * 1_000)
    with pytest.raises(DatabaseUnreachableError):
        outlast_outage(work, seconds=0.5)
    assert 1 < work.attempts < 10


def test_without_patience_an_outage_is_told_at_once() -> None:
    work = Work(DatabaseUnreachableError("away"))
    with pytest.raises(DatabaseUnreachableError):
        outlast_outage(work, seconds=0)
    assert work.attempts == 1


def test_after_one_tenant_has_given_up_no_other_waits() -> None:
    patience = OutagePatience(seconds=0.0)
    away = Work(*[DatabaseUnreachableError("away")] * 1_000)
    for attempts in (1, 2, 3):
        with pytest.raises(DatabaseUnreachableError):
            patience.outlast(away)
        assert away.attempts == attempts


def test_a_failure_of_one_tenant_leaves_the_others_their_patience() -> None:
    patience = OutagePatience()
    with pytest.raises(psycopg.errors.CheckViolation):
        patience.outlast(Work(psycopg.errors.CheckViolation()))
    assert patience.outlast(Work(DatabaseUnreachableError("away"))) == "done"


def test_no_thread_waits_once_the_process_is_to_end() -> None:
    away = Work(*[AWAY[0]] * 9)
    with ThreadPoolExecutor(1) as thread:
        outlasting = thread.submit(outlast_outage, away)
        with without_waiting(), pytest.raises(DatabaseUnreachableError):
            outlasting.result()
        assert away.attempts < 9
    assert outlast_outage(Work(AWAY[0])) == "done"


def test_a_run_that_ends_waits_no_longer() -> None:
    patience = OutagePatience()
    patience.end()
    with pytest.raises(DatabaseUnreachableError):
        patience.outlast(Work(DatabaseUnreachableError("away")))
