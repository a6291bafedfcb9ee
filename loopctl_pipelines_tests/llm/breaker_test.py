"""Each rule of the breaker, on PostgreSQL, at fixed times (seconds after noon)."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.llm.breaker import Breaker
from loopctl_pipelines.llm.circuit import (
    BreakerPolicy,
    CircuitState,
    CircuitStatus,
    Permit,
    Rejected,
    Verdict,
)
from loopctl_pipelines.llm.openai.exceptions import OPENAI

ACME = UUID(int=1)
GLOBEX = UUID(int=2)
POLICY = BreakerPolicy()


def at(seconds: float) -> datetime:
    return datetime(2026, 4, 2, 12, tzinfo=UTC) + timedelta(seconds=seconds)


@pytest.fixture
def breaker(database: Database) -> Breaker:
    return Breaker(database, OPENAI.name, POLICY)


def admitted(breaker: Breaker, seconds: float, tenant_id: UUID = ACME) -> Permit:
    permit = breaker.admit(tenant_id, now=at(seconds))
    assert isinstance(permit, Permit)
    return permit


def fail(breaker: Breaker, *times: float, tenant_id: UUID = ACME) -> None:
    for seconds in times:
        breaker.record(Permit(tenant_id), Verdict.COUNTED, now=at(seconds))


def rejected_until(breaker: Breaker, seconds: float) -> datetime | None:
    """Return the end of the cooldown or lease that keeps a call from being admitted."""
    assert breaker.admit(ACME, now=at(seconds)) == Rejected()
    return breaker.state(ACME, now=at(seconds)).until


def state(breaker: Breaker, seconds: float, tenant_id: UUID = ACME) -> CircuitState:
    return breaker.state(tenant_id, now=at(seconds)).state


def test_an_unknown_tenant_is_admitted_and_its_circuit_closed(breaker: Breaker) -> None:
    assert breaker.admit(ACME, now=at(0)) == Permit(ACME)
    assert breaker.state(ACME, now=at(0)) == CircuitStatus(CircuitState.CLOSED)


def test_two_failures_leave_it_closed_and_the_third_opens_it(breaker: Breaker) -> None:
    fail(breaker, 0, 1)
    assert breaker.state(ACME, now=at(1)) == CircuitStatus(CircuitState.CLOSED, failures=2)
    fail(breaker, 2)
    opened = CircuitStatus(CircuitState.OPEN, since=at(2), until=at(32))
    assert breaker.state(ACME, now=at(2)) == opened


def test_the_policy_sets_the_threshold(database: Database) -> None:
    breaker = Breaker(database, OPENAI.name, BreakerPolicy(failure_threshold=1))
    fail(breaker, 0)
    assert state(breaker, 0) is CircuitState.OPEN


def test_three_failures_in_two_seconds_across_the_edge_of_a_minute_open_it(
    breaker: Breaker,
) -> None:
    fail(breaker, 59, 60, 61)
    assert state(breaker, 61) is CircuitState.OPEN


def test_a_failure_counts_until_just_before_it_is_sixty_seconds_old(breaker: Breaker) -> None:
    fail(breaker, 0, 30, 59.999999)
    assert state(breaker, 60) is CircuitState.OPEN


def test_a_failure_of_sixty_seconds_ago_has_slid_out(breaker: Breaker) -> None:
    fail(breaker, 0, 30, 60)
    assert breaker.state(ACME, now=at(60)) == CircuitStatus(CircuitState.CLOSED, failures=2)


def test_an_open_circuit_rejects_calls_until_the_end_of_the_cooldown(breaker: Breaker) -> None:
    fail(breaker, 0, 1, 2)
    assert rejected_until(breaker, 2) == at(32)
    assert rejected_until(breaker, 31.5) == at(32)


def test_late_failures_do_not_prolong_the_cooldown(breaker: Breaker) -> None:
    fail(breaker, 0, 1, 2, 10, 20, 31)
    assert rejected_until(breaker, 31) == at(32)
    fail(breaker, 33)
    assert state(breaker, 33) is CircuitState.HALF_OPEN


def test_after_the_cooldown_it_is_half_open(breaker: Breaker) -> None:
    fail(breaker, 0, 1, 2)
    assert breaker.state(ACME, now=at(32)) == CircuitStatus(CircuitState.HALF_OPEN, since=at(32))


def test_a_half_open_circuit_lets_one_probe_through(breaker: Breaker) -> None:
    fail(breaker, 0, 1, 2)
    assert admitted(breaker, 40).probe_id is not None
    assert rejected_until(breaker, 40) == at(55)
    probing = CircuitStatus(CircuitState.HALF_OPEN, since=at(32), until=at(55))
    assert breaker.state(ACME, now=at(41)) == probing


def test_the_probe_s_success_closes_it_and_forgets_the_failures(breaker: Breaker) -> None:
    fail(breaker, 0, 1, 2)
    breaker.record(admitted(breaker, 32), Verdict.SUCCESS, now=at(33))
    assert breaker.state(ACME, now=at(33)) == CircuitStatus(CircuitState.CLOSED)


def test_the_probe_s_failure_opens_it_for_another_cooldown(breaker: Breaker) -> None:
    fail(breaker, 0, 1, 2)
    breaker.record(admitted(breaker, 32), Verdict.COUNTED, now=at(36))
    opened = CircuitStatus(CircuitState.OPEN, since=at(36), until=at(66))
    assert breaker.state(ACME, now=at(36)) == opened


def test_a_neutral_probe_admits_the_next_and_leaves_it_half_open(breaker: Breaker) -> None:
    fail(breaker, 0, 1, 2)
    breaker.record(admitted(breaker, 32), Verdict.NEUTRAL, now=at(33))
    assert breaker.state(ACME, now=at(33)) == CircuitStatus(CircuitState.HALF_OPEN, since=at(32))
    assert admitted(breaker, 33).probe_id is not None


def test_four_503_interleaved_with_401_open_it(breaker: Breaker) -> None:
    for second in range(0, 8, 2):
        breaker.record(Permit(ACME), Verdict.COUNTED, now=at(second))
        breaker.record(Permit(ACME), Verdict.NEUTRAL, now=at(second + 1))
    assert state(breaker, 8) is CircuitState.OPEN


def test_a_success_while_closed_does_not_reset_the_window(breaker: Breaker) -> None:
    for second in (0, 2):
        fail(breaker, second)
        breaker.record(admitted(breaker, second), Verdict.SUCCESS, now=at(second + 1))
        assert state(breaker, second + 1) is CircuitState.CLOSED
    fail(breaker, 4)
    assert state(breaker, 4) is CircuitState.OPEN


def test_a_hundred_neutral_outcomes_open_nothing(breaker: Breaker) -> None:
    fail(breaker, 0, 1)
    for _ in range(100):
        breaker.record(admitted(breaker, 2), Verdict.NEUTRAL, now=at(2))
    assert breaker.state(ACME, now=at(2)) == CircuitStatus(CircuitState.CLOSED, failures=2)


def test_a_hundred_neutral_outcomes_close_nothing(breaker: Breaker) -> None:
    early = admitted(breaker, 0)
    fail(breaker, 0, 1, 2)
    for _ in range(100):
        breaker.record(early, Verdict.NEUTRAL, now=at(3))
    assert state(breaker, 3) is CircuitState.OPEN
    for _ in range(100):
        breaker.record(admitted(breaker, 32), Verdict.NEUTRAL, now=at(32))
    assert state(breaker, 32) is CircuitState.HALF_OPEN


@pytest.mark.parametrize("seconds", [3, 32], ids=["open", "half-open"])
def test_a_success_that_began_before_the_opening_does_not_close_it(
    breaker: Breaker, seconds: float
) -> None:
    early = admitted(breaker, 0)
    fail(breaker, 0, 1, 2)
    before = breaker.state(ACME, now=at(seconds))
    breaker.record(early, Verdict.SUCCESS, now=at(seconds))
    assert breaker.state(ACME, now=at(seconds)) == before
    assert before.state is not CircuitState.CLOSED


def test_a_probe_that_does_not_answer_is_replaced_after_the_lease(breaker: Breaker) -> None:
    fail(breaker, 0, 1, 2)
    lost = admitted(breaker, 32)
    assert rejected_until(breaker, 46) == at(47)
    second = admitted(breaker, 47)
    assert second.probe_id not in {None, lost.probe_id}


@pytest.mark.parametrize("verdict", Verdict)
def test_a_probe_that_was_replaced_changes_nothing(breaker: Breaker, verdict: Verdict) -> None:
    fail(breaker, 0, 1, 2)
    lost = admitted(breaker, 32)
    admitted(breaker, 47)
    probing = breaker.state(ACME, now=at(48))
    breaker.record(lost, verdict, now=at(48))
    assert breaker.state(ACME, now=at(48)) == probing


def test_a_probe_of_an_earlier_opening_does_not_close_a_later_one(breaker: Breaker) -> None:
    fail(breaker, 0, 1, 2)
    lost = admitted(breaker, 32)
    breaker.record(admitted(breaker, 47), Verdict.COUNTED, now=at(48))
    breaker.record(lost, Verdict.SUCCESS, now=at(49))
    assert state(breaker, 49) is CircuitState.OPEN


def test_a_reset_closes_the_circuit_of_that_tenant_only(breaker: Breaker) -> None:
    fail(breaker, 0, 1, 2)
    fail(breaker, 0, 1, 2, tenant_id=GLOBEX)
    breaker.reset(ACME)
    assert breaker.admit(ACME, now=at(3)) == Permit(ACME)
    assert breaker.state(ACME, now=at(3)).failures == 0
    assert state(breaker, 3, GLOBEX) is CircuitState.OPEN


def test_a_probe_that_answers_after_a_reset_leaves_it_closed(breaker: Breaker) -> None:
    fail(breaker, 0, 1, 2)
    probe = admitted(breaker, 32)
    breaker.reset(ACME)
    breaker.record(probe, Verdict.NEUTRAL, now=at(33))
    assert breaker.state(ACME, now=at(33)) == CircuitStatus(CircuitState.CLOSED)


def test_one_tenant_s_failures_are_no_other_s(breaker: Breaker) -> None:
    fail(breaker, 0, 1)
    fail(breaker, 2, tenant_id=GLOBEX)
    assert breaker.state(ACME, now=at(2)).failures == 2
    assert breaker.state(GLOBEX, now=at(2)).failures == 1


def test_without_a_given_time_the_database_s_clock_counts(
    breaker: Breaker, database: Database
) -> None:
    def database_time() -> datetime:
        with database.operator_transaction() as connection:
            [(time,)] = connection.execute("SELECT clock_timestamp()").fetchall()
        assert isinstance(time, datetime)
        return time

    before = database_time()
    for _ in range(3):
        breaker.record(Permit(ACME), Verdict.COUNTED)
    assert breaker.admit(ACME) == Rejected()
    opened = breaker.state(ACME)
    assert opened.since is not None
    assert before <= opened.since <= database_time()
    assert opened.until == opened.since + timedelta(seconds=30)
    assert breaker.open_tenants() == set()  # ACME is not in loopctl's table of tenants
