"""A provider on loopback, of embeddings and messages, that fails every request in the same way.

A fault leaks all it can: the key, its masked form, an organisation, the texts, a word of its own;
in the status line, in headers and in the body.
"""

import contextlib
import gzip
import json
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self

from loopctl_pipelines_tests.llm.anthropic.message_body import tool_call
from loopctl_pipelines_tests.llm.openai.embeddings_body import Change, embeddings_body

DIMENSION = 8
_NEVER_SECONDS = 60.0
_DRIP_SECONDS = 0.02
_MEGABYTE = b"x" * 2**20


class FailingProvider:
    """Serves `fault` inside a `with` block.

    Args:
        fault: answers each request.
        word: a word in every answer, also the name of the organisation.
        tls: makes it an HTTPS server.

    Attributes:
        requests: requests so far.
    """

    def __init__(
        self, fault: "Fault", *, word: str = "", tls: ssl.SSLContext | None = None
    ) -> None:
        self.requests = 0
        self.word = word
        self.closing = threading.Event()
        self._counting = threading.Lock()
        self._fault = fault
        self._scheme = "https" if tls else "http"
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.provider = self
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        if tls:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)

    @property
    def base_url(self) -> str:
        """The base URL of its OpenAI-compatible API."""
        return f"{self.address}/v1"

    @property
    def address(self) -> str:
        """The base URL of its Messages API."""
        return f"{self._scheme}://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def serve(self, exchange: "Exchange") -> None:
        with self._counting:
            self.requests += 1
        self._fault(exchange)


@dataclass(frozen=True)
class Exchange:
    """One request, and the ways to answer it."""

    handler: BaseHTTPRequestHandler
    provider: FailingProvider
    body: bytes

    @property
    def key(self) -> str:
        headers = self.handler.headers
        named = headers.get("X-Api-Key") or headers.get("Api-Key")
        return named or headers.get("Authorization", "").removeprefix("Bearer ")

    @property
    def texts(self) -> list[str]:
        request = json.loads(self.body)
        if "messages" in request:
            return [request["system"], *(each["content"] for each in request["messages"])]
        texts: list[str] = request["input"]
        return texts

    @property
    def success(self) -> bytes:
        """The body of a valid answer."""
        request = json.loads(self.body)
        if "messages" in request:
            return json.dumps(tool_call(request["tool_choice"]["name"], self.chatter)).encode()
        return _embeddings(self)

    @property
    def dimension(self) -> int:
        """Numbers per vector: as requested, or the model's."""
        return int(json.loads(self.body).get("dimensions", DIMENSION))

    @property
    def chatter(self) -> str:
        """Everything the provider could leak, in one line of ASCII."""
        key, word = self.key, self.provider.word
        said = f"Incorrect API key {key}, shown as {key[:8]}****{key[-4:]} or sk-...{key[-4:]}, "
        return said + f"of organization org-{word}: {word}, refused {ascii(self.texts)[:4_000]}"

    def answer(
        self,
        status: int,
        content: bytes,
        *,
        headers: Mapping[str, str] | None = None,
        length: int | None = None,
    ) -> None:
        """Send an answer; a given `length` is a false Content-Length."""
        self.handler.send_response(status, self.chatter[:500])
        headers = {"Content-Type": "application/json", **(headers or {})}
        for name, value in headers.items():
            self.handler.send_header(name, value)
        self.handler.send_header("X-Request-Id", self.chatter[:500])
        self.handler.send_header("Openai-Organization", f"org-{self.provider.word}")
        self.handler.send_header("Connection", "close")
        self.handler.send_header("Content-Length", str(len(content) if length is None else length))
        self.handler.end_headers()
        self.send(content)

    def send(self, content: bytes) -> None:
        self.handler.wfile.write(content)
        self.handler.wfile.flush()

    def wait(self, seconds: float) -> bool:
        """Wait; return False if the server is shutting down."""
        return not self.provider.closing.wait(seconds)

    def reset(self) -> None:
        """Reset the connection instead of closing it."""
        linger = struct.pack("ii", 1, 0)
        self.handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.handler.connection.close()


Fault = Callable[[Exchange], None]


class _Server(ThreadingHTTPServer):
    provider: FailingProvider
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: object, client_address: object) -> None:
        """Print nothing: these tests make clients hang up."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.close_connection = True
        with contextlib.suppress(OSError):
            self.server.provider.serve(Exchange(self, self.server.provider, body))

    def do_GET(self) -> None:
        self.do_POST()  # a redirect may turn a POST into a GET

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Log nothing."""


def refusal(status: int, *, code: str | None = None, **headers: str) -> Fault:
    """Reject with an error object; `Retry_After="0"` sets a header, `KEY` becomes the key.

    Without a code, the error object has the key in its place.
    """

    def respond(exchange: Exchange) -> None:
        named = {
            name.replace("_", "-"): value.replace("KEY", exchange.key)
            for name, value in headers.items()
        }
        error = {"message": exchange.chatter, "code": code or exchange.key, "param": exchange.texts}
        exchange.answer(status, json.dumps({"error": error}).encode(), headers=named)

    return respond


def html(status: int) -> Fault:
    """Answer with an HTML page."""

    def respond(exchange: Exchange) -> None:
        page = f"<html><body><h1>{status}</h1>{exchange.chatter}</body></html>"
        exchange.answer(status, page.encode(), headers={"Content-Type": "text/html"})

    return respond


def redirect(status: int, location: str) -> Fault:
    """Redirect the client."""

    def respond(exchange: Exchange) -> None:
        there = {"Location": f"{location}?key={exchange.key}"}
        exchange.answer(status, exchange.chatter.encode(), headers=there)

    return respond


def embeddings(change: Change = lambda _: None) -> Fault:
    """Answer with a vector per text, after applying `change` to the list."""

    def respond(exchange: Exchange) -> None:
        exchange.answer(200, _embeddings(exchange, change))

    return respond


def vector(broken: Callable[[list[float]], object]) -> Fault:
    """Answer with valid vectors, except that the last one is `broken(valid)`."""

    def respond(exchange: Exchange) -> None:
        def change(items: list[dict[str, object]]) -> None:
            items[-1]["embedding"] = broken([1.0] * exchange.dimension)

        exchange.answer(200, _embeddings(exchange, change))

    return respond


def error_object(exchange: Exchange) -> None:
    """Answer 200 with an error in the body."""
    exchange.answer(200, json.dumps({"error": {"message": exchange.chatter}}).encode())


def truncated_json(exchange: Exchange) -> None:
    """Answer with a body of the right length that ends in the middle."""
    body = exchange.success
    exchange.answer(200, body[: len(body) // 2])


def empty(exchange: Exchange) -> None:
    """Answer with an empty body."""
    exchange.answer(200, b"")


def endless(status: int) -> Fault:
    """Send a body that never ends."""

    def respond(exchange: Exchange) -> None:
        exchange.answer(status, exchange.chatter.encode(), length=2**40)
        while exchange.wait(0):
            exchange.send(_MEGABYTE)

    return respond


def gzip_bomb(status: int, unpacked_megabytes: int) -> Fault:
    """Send a body that grows a thousandfold when decompressed."""
    bomb = gzip.compress(_MEGABYTE * unpacked_megabytes)

    def respond(exchange: Exchange) -> None:
        exchange.answer(status, bomb, headers={"Content-Encoding": "gzip"})

    return respond


def end_in_the_body(exchange: Exchange) -> None:
    """Close the connection before the end of the body."""
    body = exchange.success
    exchange.answer(200, body[: len(body) // 2], length=len(body))


def reset_in_the_body(exchange: Exchange) -> None:
    """Reset the connection in the middle of the body."""
    end_in_the_body(exchange)
    exchange.wait(_DRIP_SECONDS)  # or the reset would overtake the body
    exchange.reset()


def reset_at_once(exchange: Exchange) -> None:
    """Reset the connection instead of answering."""
    exchange.reset()


def no_http(exchange: Exchange) -> None:
    """Answer in another protocol."""
    exchange.send(f"220 {exchange.chatter}\r\n".encode())


def hang(exchange: Exchange) -> None:
    """Never answer."""
    exchange.wait(_NEVER_SECONDS)


def hang_in_the_body(exchange: Exchange) -> None:
    """Send half the answer, then nothing."""
    body = exchange.success
    exchange.answer(200, body[: len(body) // 2], length=len(body))
    exchange.wait(_NEVER_SECONDS)


def drip(status: int) -> Fault:
    """Send a byte at a time, so that no single read takes long."""

    def respond(exchange: Exchange) -> None:
        body = exchange.success
        exchange.answer(status, b"", length=len(body))
        for byte in body:
            if not exchange.wait(_DRIP_SECONDS):
                return
            exchange.send(bytes([byte]))

    return respond


def drip_from_the_first_byte(exchange: Exchange) -> None:
    """Send even the status line byte by byte."""
    for byte in f"HTTP/1.1 200 {exchange.chatter * 20}\r\n".encode():
        if not exchange.wait(_DRIP_SECONDS):
            return
        exchange.send(bytes([byte]))


def _embeddings(exchange: Exchange, change: Change = lambda _: None) -> bytes:
    answer = embeddings_body(len(exchange.texts), exchange.dimension, exchange.chatter, change)
    return json.dumps(answer).encode()
