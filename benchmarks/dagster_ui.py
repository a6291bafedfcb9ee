"""A Dagster UI as a process of its own, asked over HTTP as a browser asks it."""

import json
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import Request, urlopen

_START_SECONDS = 120

Ask = Callable[[str, Mapping[str, object]], Any]
"""Sends a GraphQL query with its variables, and returns the data of the answer."""


class UiError(Exception):
    """The UI does not answer, or answers with an error."""


@contextmanager
def dagster_ui(
    command: Sequence[str], port_option: str, environment: Mapping[str, str], folder: Path
) -> Iterator[Ask]:
    """Run the command on a free port while the block runs, and give out how to ask it.

    Raises:
        UiError: if it does not answer within two minutes.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    ui = subprocess.Popen(  # noqa: S603 - this interpreter
        [*command, port_option, str(port)],
        cwd=folder,
        env=dict(environment),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait_until_ready(port)
        yield lambda query, variables: _ask(port, query, variables)
    finally:
        ui.terminate()
        ui.wait()


def _wait_until_ready(port: int) -> None:
    for _ in range(_START_SECONDS):
        try:
            urlopen(f"http://127.0.0.1:{port}/server_info").close()
        except URLError:
            time.sleep(1)
        else:
            return
    raise UiError(f"No answer within {_START_SECONDS} s")


def _ask(port: int, query: str, variables: Mapping[str, object]) -> Any:  # noqa: ANN401 - JSON
    asked = json.dumps({"query": query, "variables": variables}).encode()
    headers = {"Content-Type": "application/json"}
    with urlopen(Request(f"http://127.0.0.1:{port}/graphql", asked, headers)) as answer:
        found = json.load(answer)
    if "errors" in found:
        raise UiError(str(found["errors"])[:500])
    return found["data"]
