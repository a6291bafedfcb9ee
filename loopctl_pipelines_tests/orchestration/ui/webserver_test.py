"""The webserver of a production, as the documentation starts it behind a proxy."""

import json
import os
import shlex
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path

import pytest

from loopctl_pipelines.orchestration.instance import dagster_home
from loopctl_pipelines_tests.shell import ignored

_REPOSITORY = Path(__file__).parents[3]
_PROGRAM = ".venv/bin/python"
_PROXY = "dagster.example.com"


def _documented() -> list[str]:
    """Return the command of the documentation."""
    lines = (_REPOSITORY / "docs" / "operating.md").read_text(encoding="utf-8").splitlines()
    [command] = [line for line in lines if line.startswith(f"{_PROGRAM} -m")]
    return [sys.executable, *shlex.split(command)[1:]]


@pytest.fixture
def port(database_url: str, dagster_url: str, tmp_path: Path) -> Iterator[int]:
    """Give the port of the webserver; SIGTERM ends it, though SIGINT is ignored as by a shell."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    environment = {
        **{k: v for k, v in os.environ.items() if not k.startswith(("DAGSTER", "LOOPCTL"))},
        "LOOPCTL_DATABASE_URL": database_url,
        "LOOPCTL_DAGSTER_URL": dagster_url,
        "DAGSTER_HOME": str(dagster_home(tmp_path)),
    }
    with ignored(signal.SIGINT):
        webserver = subprocess.Popen(
            [*_documented(), "--port", str(port)], env=environment, cwd=_REPOSITORY
        )
    while not _listens(port):
        assert webserver.poll() is None
        time.sleep(0.2)
    yield port
    webserver.terminate()
    assert webserver.wait() == 0


def _listens(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


def _ask(port: int, host: str, origin: str) -> tuple[int, str]:
    connection = HTTPConnection("127.0.0.1", port)
    body = json.dumps({"query": "{ repositoriesOrError { __typename } }"})
    headers = {"Host": host, "Origin": origin, "Content-Type": "application/json"}
    connection.request("POST", "/graphql", body, headers)
    answer = connection.getresponse()
    return answer.status, answer.read().decode()


def test_the_pages_of_the_proxys_address_are_served_and_no_others(port: int) -> None:
    status, answer = _ask(port, _PROXY, f"https://{_PROXY}")
    assert (status, "RepositoryConnection" in answer) == (200, True)
    assert _ask(port, _PROXY, f"http://{_PROXY}")[0] == 403
    assert _ask(port, _PROXY, "https://evil.example")[0] == 403
    assert _ask(port, "evil.example", "https://evil.example")[0] == 403
