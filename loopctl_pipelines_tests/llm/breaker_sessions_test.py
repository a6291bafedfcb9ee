"""What befalls a session of the breaker's is no reason to forget what it was told."""

from concurrent.futures import ThreadPoolExecutor

from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.llm.breaker import Breaker
from loopctl_pipelines.llm.circuit import BreakerPolicy, CircuitState, Permit, Verdict
from loopctl_pipelines_tests.costs.interleaved import until_it_ends_or_waits
from loopctl_pipelines_tests.usage import id_of

ACME = id_of("acme")
_END_WAITING = (
    "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity"
    " WHERE datname = current_database() AND wait_event_type = 'Lock'"
)


def test_a_failure_is_counted_although_the_session_that_told_it_was_ended(
    database: Database,
) -> None:
    breaker = Breaker(database, BreakerPolicy())
    for _ in range(2):
        breaker.record(Permit(ACME), Verdict.COUNTED)
    with database.connect() as locking, ThreadPoolExecutor() as pool:
        locking.execute("SELECT FROM loopctl_pipelines.embedding_breakers FOR UPDATE")
        telling = until_it_ends_or_waits(
            database, pool, lambda: breaker.record(Permit(ACME), Verdict.COUNTED)
        )
        with database.connect() as operator:
            assert operator.execute(_END_WAITING).rowcount == 1
        locking.rollback()
        telling.result()
    assert breaker.state(ACME).state is CircuitState.OPEN
