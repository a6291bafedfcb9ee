"""A small server on 127.0.0.1 that answers POST requests to one path with JSON."""

import json
import sys
import threading
from collections.abc import Callable, Mapping
from email.message import Message
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

JsonAnswer = tuple[HTTPStatus, Mapping[str, object]]


class JsonServer:
    """Serves from `start` to `stop`.

    Args:
        path: of the requests that are answered.
        answer: returns the answer to a request's headers and body.
        no_such_path: the body of the answer to any other path.
        port: 0 picks a free one.
    """

    def __init__(
        self,
        path: str,
        answer: Callable[[Message, bytes], JsonAnswer],
        no_such_path: Mapping[str, object],
        *,
        port: int = 0,
    ) -> None:
        self._server = _Server(("127.0.0.1", port), _Handler)
        self._server.path = path
        self._server.answer = answer
        self._server.no_such_path = no_such_path
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.05,), daemon=True
        )

    @property
    def address(self) -> str:
        """Its URL, without a path."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def start(self) -> None:
        """Begin to answer, in a thread."""
        self._thread.start()

    def stop(self) -> None:
        """Stop answering and free the port."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Server(ThreadingHTTPServer):
    path: str
    answer: Callable[[Message, bytes], JsonAnswer]
    no_such_path: Mapping[str, object]
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: object, client_address: object) -> None:
        """Print nothing if a client is gone, for example because it was killed."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"  # keeps connections open
    disable_nagle_algorithm = True  # otherwise each answer waits 40 ms for an ACK
    wbufsize = -1

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        status, answer = HTTPStatus.NOT_FOUND, self.server.no_such_path
        if self.path == self.server.path:
            status, answer = self.server.answer(self.headers, body)
        content = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Log nothing: requests are counted instead."""
