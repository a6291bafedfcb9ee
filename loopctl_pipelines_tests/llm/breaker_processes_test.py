"""Many processes share one circuit: real ones, which start together and may be killed."""

from collections.abc import Callable
from datetime import timedelta
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Barrier
from signal import SIGKILL
from typing import TypeVar
from uuid import UUID

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
from loopctl_pipelines_tests.knowledge.embedding import passing_time
from loopctl_pipelines_tests.usage import id_of
from loopctl_pipelines_tests.warm_commands import processes

ACME = id_of("acme")
MANY = [id_of(f"tenant {number}") for number in range(20)]
PROCESSES = 12
START_SECONDS = 120  # a process that never starts breaks the barrier for the others
# the clock is the database's, and no test waits: an hour is longer than any test
POLICY = BreakerPolicy(cooldown=timedelta(hours=1), probe_lease=timedelta(hours=1))
_Result = TypeVar("_Result")


class _Process:
    """What each process in the pool has: its own connections, and a barrier."""

    breaker: Breaker
    together: Barrier


def _start(url: str, role: str, together: Barrier) -> None:
    _Process.breaker = Breaker(Database(url, role, connections=1), OPENAI.name, POLICY)
    _Process.breaker.state(ACME)  # opens the connection before all begin
    _Process.together = together


def _in_every_process(
    database: Database, url: str, work: Callable[[int], _Result]
) -> list[_Result]:
    """Return the results of `work` in twelve processes that begin it together."""
    together = processes.Barrier(PROCESSES)
    with processes.Pool(PROCESSES, _start, (url, database.role, together)) as pool:
        return pool.map(work, range(PROCESSES), chunksize=1)


def _fail_together(_: int) -> CircuitStatus:
    permit = _Process.breaker.admit(ACME)
    assert isinstance(permit, Permit)
    _Process.together.wait(START_SECONDS)
    _Process.breaker.record(permit, Verdict.COUNTED)
    return _Process.breaker.state(ACME)


def _probe_together(_: int) -> list[UUID | None]:
    probes: list[UUID | None] = []
    for tenant_id in MANY:
        _Process.together.wait(START_SECONDS)
        permit = _Process.breaker.admit(tenant_id)
        probes.append(permit.probe_id if isinstance(permit, Permit) else None)
    return probes


def _answer_together(number: int) -> CircuitState:
    """End twelve calls admitted before the opening: a third each in every verdict."""
    _Process.together.wait(START_SECONDS)
    _Process.breaker.record(Permit(ACME), list(Verdict)[number % 3])
    return _Process.breaker.state(ACME).state


def test_twelve_processes_that_fail_at_once_open_it_once(
    database: Database, database_url: str
) -> None:
    seen = _in_every_process(database, database_url, _fail_together)
    left = Breaker(database, OPENAI.name, POLICY).state(ACME)
    assert left.state is CircuitState.OPEN
    still_closed = {CircuitStatus(CircuitState.CLOSED, failures=count) for count in (1, 2)}
    opened = [status for status in seen if status not in still_closed]
    assert len(opened) >= PROCESSES - 2
    assert set(opened) == {left}  # one and the same opening


def test_one_of_twelve_processes_that_ask_a_half_open_circuit_may_probe(
    database: Database, database_url: str
) -> None:
    breaker = Breaker(database, OPENAI.name, POLICY)
    for tenant_id in MANY:
        _open(breaker, tenant_id)
    passing_time.cooldown(database)
    seen = _in_every_process(database, database_url, _probe_together)
    for tenant_id, probes in zip(MANY, zip(*seen, strict=True), strict=True):
        [probe_id] = [probe_id for probe_id in probes if probe_id is not None]
        breaker.record(Permit(tenant_id, probe_id), Verdict.SUCCESS)
        assert breaker.state(tenant_id) == CircuitStatus(CircuitState.CLOSED)


def test_late_calls_of_twelve_processes_do_not_change_an_open_circuit(
    database: Database, database_url: str
) -> None:
    breaker = Breaker(database, OPENAI.name, POLICY)
    _open(breaker, ACME)
    before = breaker.state(ACME)
    seen = _in_every_process(database, database_url, _answer_together)
    assert set(seen) == {CircuitState.OPEN}
    assert breaker.state(ACME) == before


def _probe_and_hang(url: str, role: str, pipe: Connection) -> None:
    permit = Breaker(Database(url, role), OPENAI.name, POLICY).admit(ACME)
    pipe.send(permit)
    pipe.recv()


def _stop_within_a_change(url: str, role: str, pipe: Connection) -> None:
    with Database(url, role).tenant_transaction(ACME) as connection:
        connection.execute("UPDATE loopctl_pipelines.circuit_breakers SET failures = '{}'")
        pipe.send("locked, not committed")
        pipe.recv()


def _killed(database: Database, url: str, work: Callable[[str, str, Connection], None]) -> object:
    """Return the message that `work` sent before it was killed."""
    here, there = processes.Pipe()
    process = processes.Process(target=work, args=(url, database.role, there))
    process.start()
    there.close()  # so that a process that ends by itself raises EOFError here
    sent = here.recv()
    process.kill()
    process.join()
    assert process.exitcode == -SIGKILL
    return sent


def test_a_killed_probe_is_replaced_after_the_lease(database: Database, database_url: str) -> None:
    breaker = Breaker(database, OPENAI.name, POLICY)
    _open(breaker, ACME)
    passing_time.cooldown(database)
    killed = _killed(database, database_url, _probe_and_hang)
    assert isinstance(killed, Permit)
    assert isinstance(breaker.admit(ACME), Rejected)
    passing_time.probe_lease(database)
    successor = breaker.admit(ACME)
    assert isinstance(successor, Permit)
    assert successor.probe_id not in {None, killed.probe_id}


def test_a_process_killed_within_a_change_loses_nothing_and_locks_nothing(
    database: Database, database_url: str
) -> None:
    breaker = Breaker(database, OPENAI.name, POLICY)
    for _ in range(2):
        breaker.record(Permit(ACME), Verdict.COUNTED)
    assert _killed(database, database_url, _stop_within_a_change) == "locked, not committed"
    breaker.record(Permit(ACME), Verdict.COUNTED)
    assert breaker.state(ACME).state is CircuitState.OPEN


def test_while_a_call_is_in_flight_no_connection_transaction_or_lock_is_held(
    database_url: str, database: Database
) -> None:
    caller = Database(database_url, database.role, connections=1)
    breaker = Breaker(caller, OPENAI.name, POLICY)
    _open(breaker, ACME)
    passing_time.cooldown(database)
    probe = breaker.admit(ACME)
    assert isinstance(probe, Permit)
    with database.operator_transaction() as connection:
        busy = connection.execute(
            "SELECT state FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            " AND backend_type = 'client backend' AND state <> 'idle'"
        ).fetchall()
        locks = connection.execute(
            "SELECT mode FROM pg_locks WHERE database = (SELECT oid FROM pg_database"
            " WHERE datname = current_database()) AND pid <> pg_backend_pid()"
        ).fetchall()
    assert (busy, locks) == ([], [])
    assert isinstance(breaker.admit(ACME), Rejected)  # on the caller's only connection
    breaker.record(probe, Verdict.SUCCESS)
    caller.close()


def _open(breaker: Breaker, tenant_id: UUID) -> None:
    for _ in range(POLICY.failure_threshold):
        breaker.record(Permit(tenant_id), Verdict.COUNTED)
