"""A run waits for Dagster's storage, and a person who interrupts it does not."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from loopctl_pipelines.database.dagster_database import dagster_url
from loopctl_pipelines.database.embedded import EmbeddedServer

_LIMIT_SECONDS = 100.0
"""No assertion about a time: a limit that is below the patience of a run."""

_LOGS_FOREVER = """
import signal, sys, time
from pathlib import Path
signal.signal(signal.SIGINT, signal.default_int_handler)
from dagster import OpExecutionContext, PartitionKeyRange, job, op
from loopctl_pipelines.orchestration.in_process_runs import run_in_process
from loopctl_pipelines.orchestration.instance import dagster_instance

@op
def logs_forever(context: OpExecutionContext) -> None:
    print("working", flush=True)
    while True:
        context.log.info("working")
        time.sleep(0.1)

@job
def endless() -> None:
    logs_forever()

with dagster_instance(Path(sys.argv[1])) as instance:
    run_in_process(instance, endless, PartitionKeyRange("a", "b"))
"""


def test_an_interrupt_ends_a_run_that_waits_for_a_storage_that_is_away(
    own_server: EmbeddedServer, tmp_path: Path
) -> None:
    url = dagster_url(own_server.url("loopctl"))
    run = subprocess.Popen(
        [sys.executable, "-c", _LOGS_FOREVER, str(tmp_path)],
        env={**os.environ, "LOOPCTL_DAGSTER_URL": url},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with run:
        assert run.stdout
        assert run.stdout.readline() == "working\n"
        own_server.stop()
        time.sleep(2)  # it logs ten times a second: by now it waits
        assert run.poll() is None
        run.send_signal(signal.SIGINT)
        try:
            run.communicate(timeout=_LIMIT_SECONDS)
        finally:
            run.kill()
    own_server.start()
    assert run.returncode != 0
