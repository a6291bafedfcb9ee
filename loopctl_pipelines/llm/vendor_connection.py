"""Requests to a vendor: one deadline for the whole request, and failures as values."""

import asyncio
import logging
import threading
from collections.abc import Callable, Coroutine
from typing import Any, Generic, Protocol, TypeVar

from loopctl_pipelines.llm.event_loop import EventLoopThread
from loopctl_pipelines.llm.failures import FailureKind, ProviderFailure
from loopctl_pipelines.llm.sanitizer import sanitize
from loopctl_pipelines.llm.secret import Secret
from loopctl_pipelines.llm.vendor import Vendor

# added to the deadline, in case a request cannot be cancelled
_GUARD_SECONDS = 1.0

_logger = logging.getLogger(__name__)


class _Closable(Protocol):
    async def close(self) -> None: ...


_Client = TypeVar("_Client", bound=_Closable)
_Answer = TypeVar("_Answer")


class VendorConnection(Generic[_Client]):
    """Sends requests with a vendor's client, which opens at the first one. Threads may share it.

    Requests run on an event loop, because only cancelling a task ends a request in any phase: an
    HTTP client's timeout restarts with each read, and a thread cannot be ended. The loop only reads
    bytes; the caller's thread reads the answer.
    """

    def __init__(
        self, vendor: Vendor, open_client: Callable[[], _Client], *, deadline_seconds: float
    ) -> None:
        """Take what is needed, without connecting.

        Args:
            vendor: who is called.
            open_client: returns the vendor's client; imports it, too.
            deadline_seconds: for a whole request: name, connection, TLS, waiting and reading.
        """
        self._vendor = vendor
        self._open_client = open_client
        self._deadline_seconds = deadline_seconds
        self._loop = EventLoopThread(f"{vendor.name}-requests")
        self._opening = threading.Lock()
        self._client: _Client | None = None

    def request(
        self,
        key: Secret,
        send: Callable[[_Client], Coroutine[Any, Any, bytes | None]],
        read: Callable[[bytes], _Answer | None],
    ) -> _Answer | ProviderFailure:
        """Send one request and read its answer; any exception becomes a sanitized failure.

        Args:
            key: whose owner pays; without it nothing is sent.
            send: sends with the key and returns the body; None: it is too long.
            read: reads the body; None: it is malformed.
        """
        if unusable := _unusable(key):
            return ProviderFailure(unusable)
        try:
            body = self._loop.run(
                self._sent(send, self._opened()),
                guard_seconds=self._deadline_seconds + _GUARD_SECONDS,
            )
            if isinstance(body, ProviderFailure):
                return body
            answer = None if body is None else read(body)
        except Exception as error:  # noqa: BLE001 - any exception becomes a failure
            return self._sanitize(error)
        return ProviderFailure(FailureKind.MALFORMED) if answer is None else answer

    def close(self) -> None:
        """Close connections and end the thread; the next request opens both again."""
        with self._opening:
            client, self._client = self._client, None
        if client is not None:
            try:
                self._loop.run(client.close(), guard_seconds=_GUARD_SECONDS)
            except Exception as error:  # noqa: BLE001 - a connection that does not close
                failure = self._sanitize(error)
                _logger.warning("Closing the provider's connections: %s", failure.log_tag)
        self._loop.stop()

    async def _sent(
        self, send: Callable[[_Client], Coroutine[Any, Any, bytes | None]], client: _Client
    ) -> bytes | ProviderFailure | None:
        try:
            async with asyncio.timeout(self._deadline_seconds):
                return await send(client)
        except Exception as error:  # noqa: BLE001 - sanitized here, so that nothing else leaves
            return self._sanitize(error)

    def _opened(self) -> _Client:
        with self._opening:
            if self._client is None:
                self._client = self._open_client()
            return self._client

    def _sanitize(self, error: Exception) -> ProviderFailure:
        return sanitize(error, vendor=self._vendor)


def _unusable(key: Secret) -> FailureKind | None:
    text = key.reveal()
    if not text.strip():
        return FailureKind.NO_API_KEY
    if not (text.isascii() and text.isprintable() and text == text.strip()):
        return FailureKind.UNUSABLE_KEY
    return None
