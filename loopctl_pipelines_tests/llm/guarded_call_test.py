"""Permit, call, verdict: for any function, whatever it returns or raises."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Lock
from typing import NoReturn

import pytest

from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.database.errors import DatabaseUnreachableError
from loopctl_pipelines.llm.circuit import CircuitState, CircuitStatus
from loopctl_pipelines.llm.failures import FailureKind, ProviderError, ProviderFailure
from loopctl_pipelines.llm.guarded_call import GuardedCall
from loopctl_pipelines.llm.vendor import Vendor
from loopctl_pipelines_tests.knowledge.embedding import passing_time
from loopctl_pipelines_tests.usage import id_of

ACME = id_of("acme")
VENDOR = Vendor("vendor", {})
CRASH = ProviderFailure(FailureKind.CRASH)
NO_KEY = ProviderFailure(FailureKind.NO_API_KEY)
REJECTED = ProviderFailure(FailureKind.CIRCUIT_OPEN)
CLOSED = CircuitStatus(CircuitState.CLOSED)
_PATIENT_SECONDS = 120


@pytest.fixture
def guard(database: Database) -> GuardedCall:
    return GuardedCall(VENDOR, database, requests=2)


def raising(error: BaseException) -> Callable[[], NoReturn]:
    def call() -> NoReturn:
        raise error

    return call


def failures(guard: GuardedCall) -> int:
    return guard.breaker.state(ACME).failures


@pytest.mark.parametrize("result", [None, 0, "", [], {"a": 1}, ValueError("returned")], ids=repr)
def test_a_result_of_any_type_is_returned_as_it_is(guard: GuardedCall, result: object) -> None:
    assert guard.run(ACME, lambda: result) is result
    assert guard.breaker.state(ACME) == CLOSED


def test_an_unexpected_exception_is_a_counted_crash_with_no_text(guard: GuardedCall) -> None:
    assert guard.run(ACME, raising(ValueError("secret"))) == CRASH
    assert failures(guard) == 1


@pytest.mark.parametrize("counted", [True, False])
def test_a_failure_counts_alike_whether_it_is_raised_or_returned(
    guard: GuardedCall,
    counted: bool,  # noqa: FBT001 - pytest gives it
) -> None:
    failure = ProviderFailure(FailureKind.API_ERROR, 503) if counted else NO_KEY
    assert guard.run(ACME, raising(ProviderError(failure))) == failure
    assert guard.run(ACME, lambda: failure) == failure
    assert failures(guard) == (2 if counted else 0)


def test_a_returned_failure_that_was_tampered_with_is_a_crash(guard: GuardedCall) -> None:
    tampered = ProviderFailure(FailureKind.API_ERROR, 503)
    object.__setattr__(tampered, "status", "secret")
    assert guard.run(ACME, lambda: tampered) == CRASH


def test_an_open_circuit_makes_no_call_until_a_probe_closes_it(
    guard: GuardedCall, database: Database
) -> None:
    for _ in range(3):
        guard.run(ACME, raising(TimeoutError()))
    calls: list[str] = []
    assert guard.run(ACME, lambda: calls.append("rejected")) == REJECTED
    passing_time.cooldown(database)
    guard.run(ACME, lambda: calls.append("probe"))
    assert calls == ["probe"]
    assert guard.breaker.state(ACME) == CLOSED


def test_an_open_circuit_of_one_tenant_holds_up_no_other(guard: GuardedCall) -> None:
    for _ in range(3):
        guard.run(ACME, raising(TimeoutError()))
    assert guard.run(id_of("globex"), lambda: "answered") == "answered"


def test_no_more_calls_are_in_flight_than_the_bound(guard: GuardedCall) -> None:
    in_pairs, counting = Barrier(2), Lock()
    in_flight: list[int] = []
    seen: list[int] = []

    def call() -> None:
        with counting:
            in_flight.append(1)
            seen.append(len(in_flight))
        in_pairs.wait(_PATIENT_SECONDS)  # the bound is reached now
        with counting:
            in_flight.pop()
        in_pairs.wait(_PATIENT_SECONDS)

    with ThreadPoolExecutor(6) as threads:
        running = [threads.submit(guard.run, ACME, call) for _ in range(6)]
        assert [future.result() for future in running] == [None] * 6
    assert max(seen) == 2


def test_an_interrupted_call_is_no_longer_in_flight(database: Database) -> None:
    guard = GuardedCall(VENDOR, database, requests=1)
    with pytest.raises(KeyboardInterrupt):
        guard.run(ACME, raising(KeyboardInterrupt()))
    assert guard.run(ACME, lambda: "answered") == "answered"


def test_a_call_that_waits_for_no_outage_asks_the_database_once(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    guard = GuardedCall(VENDOR, database, requests=1, outage_seconds=0)
    asked: list[object] = []

    def unreachable(tenant_id: object) -> NoReturn:
        asked.append(tenant_id)
        raise DatabaseUnreachableError("no answer")

    monkeypatch.setattr(guard.breaker, "admit", unreachable)
    with pytest.raises(DatabaseUnreachableError):
        guard.run(ACME, lambda: "answered")
    assert asked == [ACME]
