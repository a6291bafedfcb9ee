"""Runs whose process has died are ended, with a sentence; runs that live are left alone."""

import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import psycopg
import pytest
from dagster import DagsterEventType, DagsterInstance, DagsterRun, DagsterRunStatus, job, op

from loopctl_pipelines.orchestration.event_storage import BatchingEventLogStorage
from loopctl_pipelines.orchestration.heartbeats.dead_runs import end_dead_runs, has_died
from loopctl_pipelines.orchestration.heartbeats.process import this_process
from loopctl_pipelines_tests.orchestration.heartbeats.working_process import (
    WorkingProcess,
    working_process,
)


@op
def _does_nothing() -> None: ...


@job
def _nothing() -> None:
    _does_nothing()


@pytest.fixture
def worker(instance: DagsterInstance, dagster_url: str, tmp_path: Path) -> Iterator[WorkingProcess]:
    assert instance
    with working_process(tmp_path, dagster_url) as worker:
        yield worker


def _storage(instance: DagsterInstance) -> BatchingEventLogStorage:
    storage = instance.event_log_storage
    assert isinstance(storage, BatchingEventLogStorage)
    return storage


def _status(instance: DagsterInstance, run_id: str) -> DagsterRunStatus:
    run = instance.get_run_by_id(run_id)
    assert run
    return run.status


def _messages(instance: DagsterInstance, run_id: str, kind: DagsterEventType) -> list[str]:
    events = [e.get_dagster_event() for e in instance.all_logs(run_id, of_type=kind)]
    return [event.message or "" for event in events]


def _heartbeats(dagster_url: str) -> int:
    with psycopg.connect(dagster_url) as connection:
        row = connection.execute("SELECT count(*) FROM loopctl_run_heartbeats").fetchone()
    assert row
    return int(row[0])


def _seconds_pass(dagster_url: str, seconds: float) -> None:
    with psycopg.connect(dagster_url) as connection:
        connection.execute(
            "UPDATE loopctl_run_heartbeats SET looked_at = looked_at - make_interval(secs => %s)",
            [seconds],
        )


def _move(dagster_url: str, host: str) -> None:
    """Have the run's process be on another host."""
    with psycopg.connect(dagster_url) as connection:
        connection.execute("UPDATE loopctl_run_heartbeats SET host = %s", [host])


def test_a_run_whose_process_was_killed_is_marked_as_failed_with_a_sentence(
    instance: DagsterInstance, worker: WorkingProcess, dagster_url: str
) -> None:
    assert end_dead_runs(instance) == {}
    assert _status(instance, worker.run_id) is DagsterRunStatus.STARTED
    worker.kill()
    (cause,) = end_dead_runs(instance).values()
    assert f"process {worker.process.pid} on " in cause
    assert _status(instance, worker.run_id) is DagsterRunStatus.FAILURE
    (message,) = _messages(instance, worker.run_id, DagsterEventType.RUN_FAILURE)
    assert message.startswith(cause)
    assert "What it had committed stays." in message
    run = instance.get_run_by_id(worker.run_id)
    assert run
    assert has_died(run)
    assert end_dead_runs(instance) == {}
    assert _heartbeats(dagster_url) == 0


def test_a_run_whose_process_was_killed_between_its_row_and_its_first_event_does_not_stay(
    instance: DagsterInstance, dagster_url: str
) -> None:
    run = instance.run_storage.add_run(DagsterRun("daily_costs"))
    assert end_dead_runs(instance) == {}
    _seconds_pass(dagster_url, 35)
    assert end_dead_runs(instance) == {}
    _seconds_pass(dagster_url, 35)
    (cause,) = end_dead_runs(instance).values()
    assert cause == "The run has not begun, and the process that requested it is gone."
    assert _status(instance, run.run_id) is DagsterRunStatus.FAILURE


def test_a_killed_run_that_was_being_canceled_is_canceled(
    instance: DagsterInstance, worker: WorkingProcess
) -> None:
    run = instance.get_run_by_id(worker.run_id)
    assert run
    instance.report_run_canceling(run)
    worker.kill()
    assert list(end_dead_runs(instance)) == [worker.run_id]
    assert _status(instance, worker.run_id) is DagsterRunStatus.CANCELED


def test_a_run_that_ends_by_itself_leaves_no_heartbeat(
    instance: DagsterInstance, worker: WorkingProcess, dagster_url: str
) -> None:
    assert _heartbeats(dagster_url) == 1
    assert worker.finish() == "None"
    assert _status(instance, worker.run_id) is DagsterRunStatus.SUCCESS
    assert _heartbeats(dagster_url) == 0
    assert end_dead_runs(instance) == {}


def test_of_eight_that_find_a_run_dead_at_once_one_ends_it(
    instance: DagsterInstance, worker: WorkingProcess
) -> None:
    end_dead_runs(instance)  # the table is there
    worker.kill()
    with ThreadPoolExecutor(8) as threads:
        ended = [end_dead_runs(instance) for _ in threads.map(lambda _: None, range(8))]
        ended = list(threads.map(lambda _: end_dead_runs(instance), range(8))) + ended
    assert sum(map(len, ended)) == 1
    assert len(_messages(instance, worker.run_id, DagsterEventType.RUN_FAILURE)) == 1


def test_a_database_restart_of_60_s_kills_nobody(
    instance: DagsterInstance, worker: WorkingProcess, dagster_url: str
) -> None:
    # not on this host, so that only its signs of life count; they stay away with the database
    worker.process.send_signal(signal.SIGSTOP)
    _move(dagster_url, "another host")
    assert end_dead_runs(instance) == {}
    _seconds_pass(dagster_url, 90)
    assert end_dead_runs(instance) == {}
    assert _status(instance, worker.run_id) is DagsterRunStatus.STARTED
    # while the database answers, a minute is enough
    _seconds_pass(dagster_url, 30)
    assert list(end_dead_runs(instance)) == [worker.run_id]


def test_a_paused_run_that_was_marked_as_failed_stops_when_it_goes_on(
    instance: DagsterInstance, worker: WorkingProcess, dagster_url: str
) -> None:
    worker.process.send_signal(signal.SIGSTOP)
    # on this host it is seen to exist
    for _ in range(4):
        _seconds_pass(dagster_url, 35)
        assert end_dead_runs(instance) == {}
    _move(dagster_url, "another host")
    assert list(end_dead_runs(instance)) == [worker.run_id]
    worker.process.send_signal(signal.SIGCONT)
    assert "was marked as ended while it was working" in worker.last_words()
    assert worker.process.wait() == 0
    # neither canceled nor, by its last step, a success
    assert _status(instance, worker.run_id) is DagsterRunStatus.FAILURE


def test_a_run_that_a_person_ends_by_force_stops(
    instance: DagsterInstance, worker: WorkingProcess
) -> None:
    run = instance.get_run_by_id(worker.run_id)
    assert run
    instance.report_run_canceled(run)
    assert "was marked as ended while it was working" in worker.last_words()
    assert _status(instance, worker.run_id) is DagsterRunStatus.CANCELED


def test_of_four_runs_the_killed_ones_are_ended_and_the_others_go_on(
    instance: DagsterInstance, dagster_url: str, tmp_path: Path
) -> None:
    with ExitStack() as stack:
        workers = [stack.enter_context(working_process(tmp_path, dagster_url)) for _ in range(4)]
        for worker in workers[:2]:
            worker.kill()
        assert set(end_dead_runs(instance)) == {worker.run_id for worker in workers[:2]}
        assert [worker.finish() for worker in workers[2:]] == ["None", "None"]
    statuses = [_status(instance, worker.run_id) for worker in workers]
    assert statuses == [DagsterRunStatus.FAILURE] * 2 + [DagsterRunStatus.SUCCESS] * 2


def test_a_run_goes_on_when_the_table_of_heartbeats_was_dropped(
    instance: DagsterInstance, worker: WorkingProcess, dagster_url: str
) -> None:
    storage, me = _storage(instance).heartbeats, this_process()
    with psycopg.connect(dagster_url) as connection:
        connection.execute("DROP TABLE loopctl_run_heartbeats")
    assert end_dead_runs(instance) == {}
    assert storage.beat([worker.run_id], me) == {worker.run_id}
    (heartbeat,) = storage.look([worker.run_id])
    assert (heartbeat.process, heartbeat.is_worker) == (me, True)
    assert worker.finish() == "None"
    assert _heartbeats(dagster_url) == 0


def test_a_process_that_begins_a_run_which_was_marked_as_failed_before_is_told_to_stop(
    instance: DagsterInstance,
) -> None:
    run, storage, me = instance.create_run_for_job(_nothing), _storage(instance), this_process()
    instance.report_run_failed(run)
    storage.heartbeats.record_process(run.run_id, me, is_worker=True)
    assert storage.heartbeats.beat([run.run_id], me) == set()
