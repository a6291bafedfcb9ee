"""A web of one loopback server, which every public address of the tests leads to."""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import IPv4Address, ip_address
from ssl import SSLContext

import httpcore2

from loopctl_pipelines.knowledge.ingestion.fetching.addresses import IPAddress
from loopctl_pipelines.knowledge.ingestion.fetching.fetcher import Fetcher
from loopctl_pipelines.knowledge.ingestion.fetching.pinned_connection import connect_to

PUBLIC = ip_address("93.184.215.14")
_LOOPBACK = IPv4Address("127.0.0.1")

Answer = Callable[[BaseHTTPRequestHandler], None]


class Web:
    """Names, the server behind their addresses, and what reached it.

    Attributes:
        names: the addresses of each name; each list is given once, the last one again and again.
        pages: what the server does for a path.
        resolved: names in the order of their resolution.
        connected: addresses and ports in the order of connections.
        requests: path and headers of each request.
    """

    def __init__(self, pages: Mapping[str, Answer], tls: SSLContext | None = None) -> None:
        self.names: dict[str, list[Sequence[str]]] = {"docs.example": [[str(PUBLIC)]]}
        self.pages = dict(pages)
        self.resolved: list[str] = []
        self.connected: list[tuple[IPAddress, int]] = []
        self.requests: list[tuple[str, dict[str, str]]] = []
        self._server = ThreadingHTTPServer((str(_LOOPBACK), 0), self._handler())
        if tls is not None:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)

    async def resolve(self, host: str, _port: int) -> Sequence[IPAddress]:
        self.resolved.append(host)
        if host not in self.names:
            raise OSError
        answers = self.names[host]
        return [ip_address(each) for each in (answers.pop(0) if answers[1:] else answers[0])]

    async def connect(self, address: IPAddress, port: int) -> httpcore2.AsyncNetworkStream:
        self.connected.append((address, port))
        if address != PUBLIC:
            raise httpcore2.ConnectError
        return await connect_to(_LOOPBACK, self._server.server_port)

    @contextmanager
    def fetcher(
        self,
        *,
        seconds: float = 60.0,
        ports: Sequence[int] = (80, 443),
        tls: SSLContext | None = None,
    ) -> Iterator[Fetcher]:
        """Serve, and give a fetcher that reaches this web only."""
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        fetcher = Fetcher(
            ports=ports,
            deadline_seconds=seconds,
            resolve=self.resolve,
            connect=self.connect,
            tls=tls,
        )
        yield fetcher
        fetcher.close()
        self._server.shutdown()
        self._server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        web = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                web.requests.append((self.path, dict(self.headers.items())))
                web.pages[self.path](self)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                """Log nothing."""

        return Handler


def page(body: bytes, content_type: str | None = "text/plain", **headers: str) -> Answer:
    """Answer with a document; `_` in a header's name is a hyphen."""

    def answer(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        if content_type is not None:
            request.send_header("Content-Type", content_type)
        for name, value in headers.items():
            request.send_header(name.replace("_", "-"), value)
        request.end_headers()
        request.wfile.write(body)

    return answer


def redirect(location: str, status: int = 302) -> Answer:
    """Answer that the document is elsewhere."""

    def answer(request: BaseHTTPRequestHandler) -> None:
        request.send_response(status)
        request.send_header("Location", location)
        request.end_headers()

    return answer


def status(code: int) -> Answer:
    """Answer with a status."""

    def answer(request: BaseHTTPRequestHandler) -> None:
        request.send_response(code)
        request.end_headers()

    return answer
