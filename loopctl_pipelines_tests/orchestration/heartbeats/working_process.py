"""A process that works on a run for a long time, with little: one op that waits."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_PROGRAM = """
import signal, sys, time
signal.signal(signal.SIGINT, signal.default_int_handler)
from pathlib import Path
from dagster import job, op, OpExecutionContext, PartitionKeyRange
from loopctl_pipelines.errors import PipelinesError
from loopctl_pipelines.orchestration.in_process_runs import run_in_process
from loopctl_pipelines.orchestration.instance import dagster_instance

@op
def waits(context: OpExecutionContext) -> None:
    print(context.run_id, flush=True)
    while not Path(sys.argv[2]).exists():
        time.sleep(0.05)

@job
def long_job() -> None:
    waits()

with dagster_instance(Path(sys.argv[1])) as instance:
    try:
        ended = run_in_process(instance, long_job, PartitionKeyRange("a", "b"))
        print(ended.failure, flush=True)
    except PipelinesError as error:
        print(error, flush=True)
"""


class WorkingProcess:
    """The process and its run.

    Attributes:
        process: the process.
        run_id: Dagster's id of the run, which has begun.
    """

    def __init__(self, process: "subprocess.Popen[str]", finish: Path) -> None:
        assert process.stdout
        self.process = process
        self.run_id = process.stdout.readline().strip()
        self._output = process.stdout
        self._finish = finish

    def kill(self) -> None:
        """Kill it as an administrator, or the kernel without memory, does."""
        self.process.kill()
        self.process.wait()

    def finish(self) -> str:
        """Let the op end; return what the process says at its end."""
        self._finish.touch()
        return self.last_words()

    def last_words(self) -> str:
        """Wait for the process to end, and return what it says."""
        return self._output.read().strip()


@contextmanager
def working_process(home: Path, dagster_url: str) -> Iterator[WorkingProcess]:
    """Start the process, and wait until its run has begun."""
    finish = home / f"finish-{os.urandom(4).hex()}"
    process = subprocess.Popen(
        [sys.executable, "-c", _PROGRAM, str(home), str(finish)],
        env={**os.environ, "LOOPCTL_DAGSTER_URL": dagster_url},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    with process:
        try:
            yield WorkingProcess(process, finish)
        finally:
            process.kill()
