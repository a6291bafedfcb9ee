"""`loopctl-pipelines dev` as a background job, and its UI as browsers and other programs ask it."""

import json
import signal
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
from websockets.sync.client import connect
from websockets.typing import Subprotocol

from loopctl_pipelines_tests.shell import Shell, ignored

if TYPE_CHECKING:
    import subprocess

JSON = {"Content-Type": "application/json"}


@dataclass(frozen=True)
class Dev:
    """The running command."""

    command: "subprocess.Popen[str]"
    port: int
    printed: Path

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def http(
        self, method: str, path: str, body: str | None = None, **headers: str
    ) -> tuple[int, Mapping[str, str], str]:
        """Return status, headers and body of the answer; `_` in the name of a header means `-`."""
        connection = HTTPConnection("127.0.0.1", self.port)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, body, named)
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        return answer.status, {k.lower(): v for k, v in answer.getheaders()}, text

    def graphql(self, query: str, **variables: object) -> Any:  # noqa: ANN401 - JSON
        """Ask as the UI's own pages do."""
        body = json.dumps({"query": query, "variables": variables})
        origin = f"http://{self.address}"
        _, _, text = self.http("POST", "/graphql", body, Origin=origin, **JSON)
        return json.loads(text)["data"]

    def subscribe(self, query: str, **handshake: Any) -> dict[str, Any]:  # noqa: ANN401 - websockets'
        """Return the first message about a subscription."""
        start = {"type": "start", "id": "1", "payload": {"query": query}}
        with connect(
            f"ws://{self.address}/graphql", subprotocols=[Subprotocol("graphql-ws")], **handshake
        ) as websocket:
            websocket.send(json.dumps({"type": "connection_init"}))
            websocket.send(json.dumps(start))
            received = [json.loads(websocket.recv()) for _ in range(2)]
        message: dict[str, Any] = received[1]
        return message

    def descendants(self) -> list[psutil.Process]:
        """Return all processes that it has started; they know their start times."""
        return psutil.Process(self.command.pid).children(recursive=True)

    def code_servers(self) -> list[psutil.Process]:
        """Return the process that loads the definitions; none while it is started again."""
        children = psutil.Process(self.command.pid).children()
        return [child for child in still_running(children) if "code-server" in child.cmdline()]

    def end(self, sign: signal.Signals) -> list[psutil.Process]:
        """End it, and return those of its descendants that still run."""
        descendants = self.descendants()
        self.command.send_signal(sign)
        self.command.wait()
        return still_running(descendants)


def still_running(processes: list[psutil.Process]) -> list[psutil.Process]:
    """Return those that have not ended; one without a parent that asks stays as a zombie."""
    running = [process for process in processes if process.is_running()]
    return [process for process in running if process.status() != psutil.STATUS_ZOMBIE]


@contextmanager
def background_dev(shell: Shell, printed: Path, *options: str) -> Iterator[Dev]:
    """Start it with SIGINT ignored, as a shell starts a background job, and wait for the UI."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with printed.open("w") as output, ignored(signal.SIGINT):
        command = shell.start_program("dev", "--port", str(port), *options, output=output)
    dev = Dev(command, port, printed)
    try:
        while not _answers(dev):
            assert command.poll() is None, printed.read_text()
            time.sleep(0.2)
        yield dev
    finally:
        if command.poll() is None:
            command.send_signal(signal.SIGTERM)
            command.wait()


def _answers(dev: Dev) -> bool:
    try:
        return dev.http("GET", "/server_info")[0] == 200
    except OSError:
        return False
