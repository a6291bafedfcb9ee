"""A target of alerts on the loopback interface: what it was sent, and how it answers."""

import json
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from types import TracebackType
from typing import Any, Self


class HttpTarget:
    """Takes what Apprise's `json://` sends.

    Attributes:
        received: the messages, with their `title` and `message`.
        status: what is answered. 0: an answer that does not end.
        paths: the paths of all requests.
        location: where a redirect leads.
    """

    def __init__(self, status: int = 200, location: str = "") -> None:
        self.received: list[dict[str, Any]] = []
        self.paths: list[str] = []
        self.status = status
        self.location = location
        self._ended = Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._thread = Thread(target=self._server.serve_forever)

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self._server.server_address[1]}"

    def url(self, secret: str = "s3cr3t-t0ken") -> str:  # noqa: S107 - it is looked for in logs
        """Return its Apprise URL, with a secret in its path."""
        return f"json://{self.address}/{secret}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ended.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _handler(target) -> type[BaseHTTPRequestHandler]:  # noqa: N805 - the handler has a self
        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                target.paths.append(self.path)
                target.received.append(json.loads(body))
                self._answer()

            def do_GET(self) -> None:
                target.paths.append(self.path)
                self._answer()

            def _answer(self) -> None:
                if target.status == 0:
                    # a byte now and then: no timeout of a read ends that
                    self.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
                    with suppress(OSError):
                        while not target._ended.wait(0.2):
                            self.wfile.write(b"a")
                            self.wfile.flush()
                    return
                self.send_response(target.status)
                if target.location:
                    self.send_header("Location", target.location)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as inherited
                """Say nothing."""

        return Handler
