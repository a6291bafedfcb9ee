"""With LOOPCTL_LOG_FORMAT=json, a run writes one JSON object a line, and each message once."""

import json
import os
import subprocess
import sys

_RUN = """
import logging
from dagster import DagsterInstance, get_dagster_logger, job, op
from loopctl_pipelines.definitions import defs

defs()

@op
def fails(context):
    context.log.info("from the context\\nin two lines")
    get_dagster_logger().warning("from Dagster's logger")
    logging.getLogger("loopctl_pipelines.llm").warning("from our code")
    raise ValueError("it broke")

@job
def failing():
    fails()

with DagsterInstance.ephemeral() as instance:
    failing.execute_in_process(instance=instance, raise_on_error=False)
handled = logging.getLogger("dagster.daemon")
handled.addHandler(logging.StreamHandler())
handled.warning('{"event": "written by a handler of its own"}')
"""


def test_each_line_of_a_run_is_json_and_names_the_run() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", _RUN],
        env={**os.environ, "LOOPCTL_LOG_FORMAT": "json"},
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    )
    lines = [json.loads(line) for line in ended.stderr.splitlines()]
    events = [line["event"] for line in lines]
    for message in (
        "from the context\nin two lines",
        "from Dagster's logger",
        "from our code",
        "written by a handler of its own",
    ):
        assert sum(message in event for event in events) == 1, events
    [failed] = [line for line in lines if "STEP_FAILURE" in line["event"]]
    assert failed["job"] == "failing"
    assert failed["step"] == "fails"
    assert failed["level"] == "error"
    assert len({line["run_id"] for line in lines if "run_id" in line}) == 1
