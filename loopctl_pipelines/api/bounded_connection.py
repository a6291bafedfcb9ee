"""One HTTP connection, bounded in bytes and in time whatever its client does.

uvicorn bounds neither a request's headers nor the time that a client takes for one.
"""

import asyncio
from enum import Enum, auto
from http import HTTPStatus
from typing import Any, cast

from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from loopctl_pipelines.api.connection_limits import ConnectionLimits
from loopctl_pipelines.api.errors import refused, response_of

# small slices: the parser keeps an unfinished header, and copies it for each piece that follows
_SLICE = 4096
_SEPARATORS = len(": \r\n")


class _Awaited(Enum):
    """The part of a request that the client sends next."""

    REQUEST = auto()
    HEADERS = auto()
    BODY = auto()


class _TooMuchError(Exception):
    """The parser reports it as a bad request."""


class BoundedConnection(HttpToolsProtocol):
    """A connection of uvicorn's that has a deadline at every moment.

    Beyond the bound on connections, the one that has waited longest for its client is dropped;
    while none waits for its client, the new one is.

    Attributes:
        waiting_since: when the wait for the client's next request began; the loop's time.
    """

    def __init__(
        self,
        limits: ConnectionLimits,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._limits = limits
        self._awaited = _Awaited.REQUEST
        self.waiting_since = self.loop.time()
        self._header_bytes = 0
        self._bytes_without_event = 0
        self._refusal = HTTPStatus.BAD_REQUEST
        self._deadline = self.loop.call_later(limits.header_seconds, self._expire)

    @property
    def _answering(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    @property
    def waits_for_client(self) -> bool:
        """Whether nothing happens here until the client sends something."""
        return self._awaited is _Awaited.BODY or not self._answering

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take the connection, and drop one if there are too many."""
        super().connection_made(transport)
        if len(self.connections) > self._limits.connections:
            dropped = self._longest_waiting()
            self.connections.discard(dropped)
            dropped.transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the deadline."""
        self._deadline.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parse what has arrived, as long as it is within the bounds."""
        if self._awaited is _Awaited.REQUEST:
            self._awaited = _Awaited.HEADERS
            if not self._answering:
                self._within(self._limits.header_seconds)
        for start in range(0, len(data), _SLICE):
            if self.transport.is_closing():
                return
            part = data[start : start + _SLICE]
            super().data_received(part)
            self._bytes_without_event += len(part)
            if self._bytes_without_event > self._limits.header_bytes + _SLICE:
                self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)

    def on_message_begin(self) -> None:
        """Begin a request."""
        self._awaited = _Awaited.HEADERS
        self._header_bytes = self._bytes_without_event = 0
        super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        """Count and keep a piece of the URL."""
        self._count(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Count and keep a header. One that follows the body is not kept: it decides nothing."""
        self._bytes_without_event = 0
        self._count(len(name) + len(value) + _SEPARATORS)
        if self._awaited is _Awaited.HEADERS:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Begin the answer, or queue the request behind the one that is being answered."""
        self._bytes_without_event = 0
        if len(self.pipeline) >= self._limits.pipelined:
            raise _TooMuchError
        if not self._answering:
            self._within(self._limits.exchange_seconds)
        super().on_headers_complete()
        self._awaited = _Awaited.BODY

    def on_body(self, body: bytes) -> None:
        """Hand on a piece of the body."""
        self._bytes_without_event = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """End the request."""
        self._bytes_without_event = 0
        self._awaited = _Awaited.REQUEST
        super().on_message_complete()
        if not self._answering:
            self._await_next()

    def on_response_complete(self) -> None:
        """Go on with the request that is queued, or wait for the next."""
        super().on_response_complete()
        if self.pipeline:
            # uvicorn reads on after each answer, faster than it answers
            self.flow.pause_reading()
        self._await_next()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - uvicorn's text is not used
        """Refuse what is not HTTP, or what a callback of the parser's found too much."""
        self._refuse(self._refusal)

    def _count(self, size: int) -> None:
        self._header_bytes += size
        if self._header_bytes > self._limits.header_bytes:
            self._refusal = HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
            raise _TooMuchError

    def _await_next(self) -> None:
        if self._answering:
            self._within(self._limits.exchange_seconds)
        elif self._awaited is _Awaited.HEADERS:
            self._within(self._limits.header_seconds)
        elif self._awaited is _Awaited.REQUEST:
            self.waiting_since = self.loop.time()
            self._within(self._limits.idle_seconds)

    def _longest_waiting(self) -> "BoundedConnection":
        others = cast("set[BoundedConnection]", self.connections - {self})
        waiting = (other for other in others if other.waits_for_client)
        return min(waiting, key=lambda other: other.waiting_since, default=self)

    def _within(self, seconds: float) -> None:
        self._deadline.cancel()
        self._deadline = self.loop.call_later(seconds, self._expire)

    def _expire(self) -> None:
        """End the connection: politely, and at the second time for good."""
        if self.transport.is_closing():
            self.transport.abort()
            return
        if self._awaited is _Awaited.REQUEST:
            self.transport.close()
        else:
            self._refuse(HTTPStatus.REQUEST_TIMEOUT)
        self._within(self._limits.exchange_seconds)

    def _refuse(self, status: HTTPStatus) -> None:
        """Say why, unless the client would take it for another request's answer, and close."""
        if self._awaited is _Awaited.BODY:
            if self.pipeline or self.cycle.response_started:
                self.transport.close()
                return
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        elif self._answering:
            self.transport.close()
            return
        answer = response_of(refused(status))
        lines = [f"HTTP/1.1 {status} {status.phrase}".encode(), b"connection: close"]
        lines += [name + b": " + value for name, value in answer.raw_headers]
        self.transport.write(b"\r\n".join([*lines, b"", bytes(answer.body)]))
        self.transport.close()
