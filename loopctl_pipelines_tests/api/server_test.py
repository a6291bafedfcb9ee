"""`loopctl-pipelines api` as a process of its own: how it starts, and how it ends."""

import json
import logging
import re
import signal
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest

from loopctl_pipelines.api.access.operator_queries import check_key_lookup
from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.database.errors import RoleUnfitError
from loopctl_pipelines.terminal import VisibleText
from loopctl_pipelines_tests.api.rows import add_anomaly, add_key, add_tenants, rows_of
from loopctl_pipelines_tests.api.serving import ANOMALIES, Api
from loopctl_pipelines_tests.costs.interleaved import until_it_ends_or_waits
from loopctl_pipelines_tests.shell import Shell
from loopctl_pipelines_tests.usage import id_of
from loopctl_pipelines_tests.warm_process import WarmProcess


@pytest.fixture
def shell(database_url: str, dagster_url: str, tmp_path: Path) -> Shell:
    return Shell(tmp_path, LOOPCTL_DATABASE_URL=database_url, LOOPCTL_DAGSTER_URL=dagster_url)


def _free_port() -> int:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port: int = unused.getsockname()[1]
        return port


@contextmanager
def _process(shell: Shell, database: Database) -> Iterator[tuple[WarmProcess, Api]]:
    port = _free_port()
    with shell.start("api", "--port", str(port)) as process:
        try:
            with httpx2.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as client:
                while not _answers(client):
                    assert process.poll() is None, process.communicate()
                    time.sleep(0.05)
                yield process, Api(client, database)
        finally:
            process.kill()


def _answers(client: httpx2.Client) -> bool:
    try:
        return client.get("/ready").is_success
    except httpx2.TransportError:
        return False


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGINT])
def test_a_request_under_way_is_answered_before_the_server_ends(
    shell: Shell, database: Database, sign: signal.Signals
) -> None:
    add_tenants(database, "acme")
    key, anomaly = add_key(database, "acme"), add_anomaly(database, "acme")
    with _process(shell, database) as (process, api), ThreadPoolExecutor() as pool:
        with database.operator_transaction() as connection:
            connection.execute("LOCK TABLE cost_anomalies")
            waiting = until_it_ends_or_waits(database, pool, lambda: api.patch(anomaly, key))
            process.send_signal(sign)
            while _answers(api.client):
                assert process.poll() is None
                time.sleep(0.05)
        assert waiting.result().status_code == 200
        _, log = process.communicate()
    assert process.returncode == 0
    assert [row["resolved"] for row in rows_of(database, "cost_anomalies")] == [True]
    assert "Traceback" not in log
    assert key not in log
    assert len(re.findall(r"method=PATCH route=\S+ status=200", log)) == 1


def test_the_log_has_neither_key_nor_query(shell: Shell, database: Database) -> None:
    with _process(shell, database) as (process, api):
        api.get(f"{ANOMALIES}?key=SECRET", "SECRET")
        process.terminate()
        out, log = process.communicate()
    assert "status=401" in log
    assert "SECRET" not in out + log


def test_as_json_each_line_is_an_object_with_the_request_s_fields_and_no_secret(
    shell: Shell, database: Database
) -> None:
    add_tenants(database, "acme")
    key = add_key(database, "acme")
    as_json = shell.with_settings(LOOPCTL_LOG_FORMAT="json")
    with _process(as_json, database) as (process, api):
        request = api.get(f"{ANOMALIES}?key=SECRET", key).headers["x-request-id"]
        api.get(ANOMALIES, "SECRET")
        process.terminate()
        out, log = process.communicate()
    lines = [json.loads(line) for line in log.splitlines()]
    [line] = [line for line in lines if line.get("request") == request]
    [row] = rows_of(database, "api_keys")
    assert isinstance(line.pop("ms"), float)
    assert line | {"event": "", "timestamp": ""} == {
        "event": "",
        "timestamp": "",
        "level": "info",
        "logger": "loopctl_pipelines.api.request_log",
        "request": request,
        "method": "GET",
        "route": ANOMALIES,
        "status": 422,
        "tenant": str(id_of("acme")),
        "key": str(row["id"]),
    }
    assert "SECRET" not in out + log
    assert key not in log


def test_what_a_library_logs_is_text_in_a_terminal() -> None:
    record = logging.makeLogRecord({"msg": "%s refused", "args": ("a\x1b[2J\u202e",)})
    assert VisibleText().format(record) == r"a\x1b[2J\u202e refused"


def test_a_port_that_is_taken_is_told(shell: Shell) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        code, _, log = shell.run("api", "--port", str(taken.getsockname()[1]))
    assert code == 1
    assert "the port is taken" in " ".join(log.split())
    assert "Traceback" not in log


@pytest.mark.parametrize("port", ["-1", "99999"])
def test_a_port_that_does_not_exist_is_refused(tmp_path: Path, port: str) -> None:
    code, _, err = Shell(tmp_path).run("api", "--port", port)
    assert code == 2
    assert "Invalid value for '--port'" in err


def test_a_login_that_would_find_no_key_is_told_before_anybody_asks(
    bound_url: str, dagster_url: str, tmp_path: Path
) -> None:
    shell = Shell(tmp_path, LOOPCTL_DATABASE_URL=bound_url, LOOPCTL_DAGSTER_URL=dagster_url)
    code, _, err = shell.run("api", "--port", str(_free_port()))
    assert code == 1
    assert "bound by row-level security on api_keys" in " ".join(err.split())


def test_a_role_that_may_not_read_agents_is_told(database: Database) -> None:
    check_key_lookup(database)
    with database.operator_transaction() as connection:
        connection.execute("REVOKE SELECT ON agents FROM loopctl_app")
    with pytest.raises(RoleUnfitError, match="loopctl_app lacks SELECT on agents"):
        check_key_lookup(database)


def test_a_key_to_try_it_with_is_made_on_the_embedded_server_only(
    shell: Shell, database: Database, tmp_path: Path
) -> None:
    add_tenants(database, "acme")
    code, _, err = shell.run("api", "--key-for", "acme")
    assert code == 2
    assert "embedded" in err
    assert rows_of(database, "api_keys") == []
    code, _, err = Shell(tmp_path / "own").run("api", "--key-for", "nobody")
    assert code == 1
    assert "No tenant has the slug 'nobody'" in " ".join(err.split())
