"""The breaker counts a failure even if its database session ends."""

from concurrent.futures import ThreadPoolExecutor

from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.llm.breaker import Breaker
from loopctl_pipelines.llm.circuit import CircuitState, Permit, Verdict
from loopctl_pipelines.llm.openai.exceptions import OPENAI
from loopctl_pipelines_tests.costs.interleaved import until_it_ends_or_waits
from loopctl_pipelines_tests.usage import id_of

ACME = id_of("acme")
_END_WAITING = (
    "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity"
    " WHERE datname = current_database() AND wait_event_type = 'Lock'"
)


def test_a_failure_is_counted_although_the_session_that_recorded_it_was_ended(
    database: Database,
) -> None:
    breaker = Breaker(database, OPENAI.name)
    for _ in range(2):
        breaker.record(Permit(ACME), Verdict.COUNTED)
    with database.connect() as locking, ThreadPoolExecutor() as pool:
        locking.execute("SELECT FROM loopctl_pipelines.circuit_breakers FOR UPDATE")
        recording = until_it_ends_or_waits(
            database, pool, lambda: breaker.record(Permit(ACME), Verdict.COUNTED)
        )
        with database.connect() as operator:
            assert operator.execute(_END_WAITING).rowcount == 1
        locking.rollback()
        recording.result()
    assert breaker.state(ACME).state is CircuitState.OPEN
