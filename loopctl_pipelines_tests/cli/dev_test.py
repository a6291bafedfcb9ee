"""`loopctl-pipelines dev`: what its UI refuses, and that no process of its own is left.

Each start takes ten seconds and more, so a test looks at several things.
"""

import json
import signal
import socket
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from urllib.parse import quote

import psycopg
import pytest
from dagster import DagsterInstance, DagsterRunStatus
from websockets.exceptions import InvalidStatus

from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.partitions import partition_range, range_tags
from loopctl_pipelines_tests.cli.dev_process import JSON, Dev, background_dev, still_running
from loopctl_pipelines_tests.shell import Shell
from loopctl_pipelines_tests.usage import Usage

YESTERDAY = datetime.now(UTC).date() - timedelta(days=1)
_REPOSITORY = {
    "repositoryName": "__repository__",
    "repositoryLocationName": "loopctl_pipelines.definitions",
}
_SCHEDULE = {**_REPOSITORY, "scheduleName": "daily_costs_schedule"}
_STATE = """
query ($selector: ScheduleSelector!) {
  scheduleOrError(scheduleSelector: $selector) { ... on Schedule { scheduleState { id status } } }
}
"""
_LAUNCH = """
mutation ($params: ExecutionParams!) {
  launchPipelineExecution(executionParams: $params) {
    __typename ... on LaunchRunSuccess { run { runId } }
  }
}
"""
_LOGS = 'subscription { pipelineRunLogs(runId: "none") { __typename } }'


def _state(dev: Dev) -> dict[str, str]:
    found = dev.graphql(_STATE, selector=_SCHEDULE)
    state: dict[str, str] = found["scheduleOrError"]["scheduleState"]
    return state


def _stop(schedule: str) -> str:
    return f'mutation {{ stopRunningSchedule(id: "{schedule}") {{ __typename }} }}'


def _ways_in(stop: str) -> list[tuple[str, str, str | None, dict[str, str]]]:
    """Return requests that a foreign page can make a browser send, and simple disguises."""
    body, query = json.dumps({"query": stop}), f"/graphql?query={quote(stop)}"
    both = quote(f"query Look {{ version }} {stop.replace('mutation', 'mutation Stop')}")
    fragment = quote(
        stop.replace("{ __typename }", "{ ...F }", 1)
        + " fragment F on ScheduleMutationResult { __typename }"
    )
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    return [
        ("GET", query, None, {}),
        ("GET", query, None, {"Origin": "http://evil.example"}),
        ("GET", f"/graphql?query={quote('# { version }' + chr(10) + stop)}", None, {}),
        ("GET", f"/graphql?query={fragment}", None, {}),
        ("GET", f"/graphql?query={both}&operationName=Stop", None, {}),
        ("GET", f"/%67raphql?query={quote(stop)}", None, {}),
        ("POST", query, None, {}),
        ("POST", query, "", form),
        ("POST", "/graphql", f"query={quote(stop)}", form),
        ("POST", query, "--x--", {"Content-Type": "multipart/form-data; boundary=x"}),
        ("POST", "/graphql", body, {"Content-Type": "text/plain"}),
        ("POST", "/graphql", body, {"Content-Type": "text/plain; a=application/json"}),
        ("POST", "/graphql", f"[{body}]", {"Content-Type": "text/plain"}),
        ("POST", "/graphql", f"[{body}]", {**JSON, "Origin": "http://evil.example"}),
        ("POST", "/graphql", stop, {"Content-Type": "application/graphql"}),
        ("POST", "/graphql", body, {**JSON, "Origin": "http://evil.example"}),
        ("POST", "/graphql", body, {**JSON, "Origin": "null"}),
        ("POST", "/graphql", body, {**JSON, "Host": "evil.example"}),
    ]


def test_no_foreign_page_stops_the_nightly_schedule_and_ctrl_c_ends_every_process(
    tmp_path: Path,
) -> None:
    with background_dev(Shell(tmp_path / "home"), tmp_path / "printed") as dev:
        state = _state(dev)
        for method, path, body, headers in _ways_in(_stop(state["id"])):
            status, _, _ = dev.http(method, path, body, **headers)
            assert status in {403, 405, 415}, (method, path, body, headers)
        for name in ("materialization", "check", "observation"):
            reported = f"/report_asset_{name}/cost_summaries?partition=x"
            assert dev.http("POST", reported)[0] == 415
            assert dev.http("POST", reported, "{}", Origin="http://evil.example", **JSON)[0] == 403
        assert dev.subscribe(_stop(state["id"]), origin=f"http://{dev.address}")["type"] == "error"
        for handshake in ({"origin": "http://evil.example"}, {"origin": "null"}):
            with pytest.raises(InvalidStatus, match="403"):
                dev.subscribe(_LOGS, **handshake)
        assert _state(dev) == {**state, "status": "RUNNING"}
        _, page, _ = dev.http("GET", "/")
        assert page["x-frame-options"] == "SAMEORIGIN"
        # its own pages may
        assert dev.subscribe(_LOGS, origin=f"http://{dev.address}")["type"] == "data"
        dev.graphql(_stop(state["id"]))
        assert _state(dev)["status"] == "STOPPED"
        assert dev.end(signal.SIGINT) == []
    assert dev.command.returncode == 128 + signal.SIGINT
    assert not (tmp_path / "home" / "postgres" / "data" / "postmaster.pid").exists()
    [line] = dev.printed.read_text().splitlines()
    assert line == f"Dagster UI: http://{dev.address}  (Ctrl-C ends it)"


def test_a_run_under_way_fails_when_dev_is_terminated_and_none_of_its_processes_stays(
    shell: Shell, database: Database, database_url: str, instance: DagsterInstance, tmp_path: Path
) -> None:
    usage = Usage()
    usage.report("acme", YESTERDAY, 12_345)
    usage.write(database)
    with (
        background_dev(shell, tmp_path / "printed") as dev,
        psycopg.connect(database_url) as holding,
    ):
        holding.execute("LOCK TABLE token_usage_reports IN ACCESS EXCLUSIVE MODE")
        run_id = _launch(dev, YESTERDAY)
        while not any(process.name() == "tail" for process in dev.descendants()):
            assert (run := instance.get_run_by_id(run_id))
            assert not run.is_finished
            time.sleep(0.2)
        descendants = dev.descendants()
        dev.command.send_signal(signal.SIGTERM)
        holding.rollback()
        dev.command.wait()
    assert dev.command.returncode == 128 + signal.SIGTERM
    assert still_running(descendants) == []
    assert (run := instance.get_run_by_id(run_id))
    assert run.status is DagsterRunStatus.FAILURE


def _launch(dev: Dev, day: date) -> str:
    tags = range_tags(partition_range((day, day), ("acme", "acme")))
    params = {
        "selector": {**_REPOSITORY, "jobName": "daily_costs"},
        "executionMetadata": {"tags": [{"key": k, "value": v} for k, v in tags.items()]},
    }
    launched = dev.graphql(_LAUNCH, params=params)["launchPipelineExecution"]
    run_id: str = launched["run"]["runId"]
    return run_id


def test_a_read_only_ui_changes_nothing_and_ends_with_its_terminal(
    shell: Shell, tmp_path: Path
) -> None:
    everywhere = ("--host", "0.0.0.0")  # noqa: S104 - what the test is about
    with background_dev(shell, tmp_path / "printed", "--read-only", *everywhere) as dev:
        state = _state(dev)
        stopped = dev.graphql(_stop(state["id"]))["stopRunningSchedule"]
        assert stopped == {"__typename": "UnauthorizedError"}
        assert _state(dev) == state
        descendants = dev.descendants()
        [killed] = dev.code_servers()
        killed.kill()
        # a second one on the same folder would start runs twice
        code, _, err = shell.run("dev", "--port", str(dev.port))
        assert (code, err.split(":")[0]) == (1, "The Dagster UI is open already")
        assert str(dev.command.pid) in err.split("`kill ")[1].split("`")[0].split()
        while not set(dev.code_servers()) - {killed}:
            time.sleep(0.2)
        assert dev.end(signal.SIGHUP) == []
    # the code server's own child has lost its parent meanwhile
    assert still_running(descendants) == []
    assert dev.command.returncode == 128 + signal.SIGHUP
    assert "anyone who reaches port" in dev.printed.read_text()


def test_a_port_that_is_taken_is_one_sentence(shell: Shell) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        code, _, err = shell.run("dev", "--port", port)
    assert code == 1
    assert f"cannot listen on 127.0.0.1, port {port}: Address already in use." in " ".join(
        err.split()
    )
    assert "Traceback" not in err


@pytest.mark.parametrize("port", ["0", "65536"])
def test_a_port_that_does_not_exist_is_refused(shell: Shell, port: str) -> None:
    code, _, err = shell.run("dev", "--port", port)
    assert code == 2
    assert "Invalid value for '--port'" in err
