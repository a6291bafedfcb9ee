"""A restart has ended the idle sessions of the pool: who comes next is served all the same."""

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest

from loopctl_pipelines.database.connection import Database
from loopctl_pipelines_tests.conftest import ROLE

# for a replaced session, and not for one after the other
PATIENT_SECONDS = 5.0
ENDED = """
SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()
"""


def _use_all(database: Database) -> None:
    """Have as many sessions as the pool may hold."""
    together = threading.Barrier(database.connections)

    def use(_: int) -> None:
        with database.operator_transaction():
            together.wait(60)

    with ThreadPoolExecutor(database.connections) as threads:
        list(threads.map(use, range(database.connections)))


@pytest.mark.parametrize("connections", [1, 4, 8])
def test_sessions_that_were_ended_while_idle_are_replaced_at_once(
    connections: int, database_url: str
) -> None:
    pooled = Database(database_url, ROLE, connections=connections, patience=PATIENT_SECONDS)
    with closing(pooled) as database:
        _use_all(database)
        with database.connect() as other:
            ended = other.execute(ENDED).fetchall()
        assert ended == [(True,)] * connections
        with database.operator_transaction() as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
