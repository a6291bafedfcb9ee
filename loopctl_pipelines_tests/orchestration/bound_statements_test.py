"""With the webserver's shorter limit of a statement, its pools still replace ended sessions."""

import psycopg
from dagster import DagsterInstance

from loopctl_pipelines.orchestration.dagster_internals import engine_of
from loopctl_pipelines.orchestration.instance_storage import bound_statements


def test_sessions_that_a_restart_has_ended_are_replaced_below_the_webserver_too(
    instance: DagsterInstance, dagster_url: str
) -> None:
    bound_statements(instance, 15_000)
    with engine_of(instance.run_storage).connect() as connection:
        assert connection.exec_driver_sql("SHOW statement_timeout").scalar() == "15s"
    assert instance.all_instigator_state() == []
    with psycopg.connect(dagster_url, autocommit=True) as other:
        ended = other.execute(
            "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        ).fetchall()
    assert (True,) in ended
    # of the schedules, whose statements are not repeated
    assert instance.all_instigator_state() == []
