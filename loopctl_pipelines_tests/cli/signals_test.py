"""Commands that are ended by a signal, as background jobs of a shell: SIGINT is ignored there."""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest
from dagster import DagsterInstance, DagsterRunStatus, RunsFilter

from loopctl_pipelines_tests.shell import Shell, ignored

_STARTED = RunsFilter(statuses=[DagsterRunStatus.STARTED])
_ENDING = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]
_WORK = """
import sys
from loopctl_pipelines.cli.signals import ended_by_signals

@ended_by_signals()
def work():
    try:
        print("working", flush=True)
        sys.stdin.readline()
        print("worked", flush=True)
    finally:
        print("cleaning", flush=True)
        sys.stdin.readline()
        print("cleaned", flush=True)

work()
"""


@pytest.fixture
def job() -> Iterator["subprocess.Popen[str]"]:
    with ignored(signal.SIGINT):
        job = _start_work()
    with job:
        yield job


def _start_work() -> "subprocess.Popen[str]":
    pipe = subprocess.PIPE
    job = subprocess.Popen([sys.executable, "-c", _WORK], stdin=pipe, stdout=pipe, text=True)
    assert job.stdout
    assert job.stdout.readline() == "working\n"
    return job


@pytest.mark.parametrize("sign", _ENDING, ids=lambda sign: sign.name)
def test_a_background_job_cleans_up_and_says_which_signal_ended_it(
    job: "subprocess.Popen[str]", sign: signal.Signals
) -> None:
    job.send_signal(sign)
    assert job.communicate("\n")[0] == "cleaning\ncleaned\n"
    assert job.returncode == 128 + sign


def test_a_second_signal_does_not_interrupt_the_cleaning_up(job: "subprocess.Popen[str]") -> None:
    job.send_signal(signal.SIGTERM)
    assert job.stdout
    assert job.stdout.readline() == "cleaning\n"
    job.send_signal(signal.SIGHUP)
    job.send_signal(signal.SIGTERM)
    assert job.communicate("\n")[0] == "cleaned\n"
    assert job.returncode == 128 + signal.SIGTERM


def test_a_command_under_nohup_outlives_its_terminal() -> None:
    with ignored(signal.SIGINT, signal.SIGHUP):
        job = _start_work()
    with job:
        job.send_signal(signal.SIGHUP)
        assert job.communicate("\n\n")[0] == "worked\ncleaning\ncleaned\n"
        assert job.returncode == 0


def test_a_run_that_is_interrupted_ends_the_whole_command(
    shell: Shell, instance: DagsterInstance
) -> None:
    """Dagster marks the run as failed and returns; the demo would go on to its embeddings."""
    with ignored(signal.SIGINT):
        demo = shell.start("demo")
    while not instance.get_run_ids(_STARTED):
        assert demo.poll() is None
        time.sleep(0.02)
    demo.send_signal(signal.SIGTERM)
    out, err = demo.communicate()
    assert (demo.returncode, err) == (128 + signal.SIGTERM, "")
    assert "make dev" not in out
    assert [run.status for run in instance.get_runs()] == [DagsterRunStatus.FAILURE]
