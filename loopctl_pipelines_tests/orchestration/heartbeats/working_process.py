"""A process that works on a run for a long time, with little: one op that waits."""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dagster import OpExecutionContext, PartitionKeyRange, job, op

from loopctl_pipelines.errors import PipelinesError
from loopctl_pipelines.orchestration.in_process_runs import run_in_process
from loopctl_pipelines.orchestration.instance import dagster_instance
from loopctl_pipelines_tests.warm_commands import Program, start
from loopctl_pipelines_tests.warm_process import WarmProcess


def _say(what: object) -> None:
    sys.stdout.write(f"{what}\n")
    sys.stdout.flush()


@op
def _waits(context: OpExecutionContext) -> None:
    _say(context.run_id)
    while not Path(sys.argv[2]).exists():
        time.sleep(0.05)


@job
def _long_job() -> None:
    _waits()


def _work() -> None:
    with dagster_instance(Path(sys.argv[1])) as instance:
        try:
            ended = run_in_process(instance, _long_job, PartitionKeyRange("a", "b"))
            _say(ended.failure)
        except PipelinesError as error:
            _say(error)


class WorkingProcess:
    """The process and its run.

    Attributes:
        process: the process.
        run_id: Dagster's id of the run, which has begun.
    """

    def __init__(self, process: WarmProcess, finish: Path) -> None:
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
    environment = {**os.environ, "LOOPCTL_DAGSTER_URL": dagster_url}
    program = Program(_work, [str(home), str(finish)], environment)
    with Path(os.devnull).open("w") as nowhere, start(program, errors=nowhere) as process:
        try:
            yield WorkingProcess(process, finish)
        finally:
            process.kill()
