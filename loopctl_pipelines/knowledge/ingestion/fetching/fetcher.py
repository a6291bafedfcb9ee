"""Fetches one document: every hop is checked anew, and one deadline covers them all."""

import asyncio
import logging
import ssl
from collections.abc import Collection
from typing import Final
from urllib.parse import urljoin

import httpcore2

from loopctl_pipelines.knowledge.ingestion.documents.read_document import (
    FetchedDocument,
    is_supported,
    read_document,
)
from loopctl_pipelines.knowledge.ingestion.failures import DocumentFailure, FetchFailure
from loopctl_pipelines.knowledge.ingestion.fetching.decoding import (
    BrokenCompressionError,
    LimitedBody,
    TooLargeError,
)
from loopctl_pipelines.knowledge.ingestion.fetching.pinned_connection import (
    Connector,
    PinnedBackend,
    Resolver,
    checked_addresses,
    connect_to,
    resolve_name,
)
from loopctl_pipelines.knowledge.ingestion.fetching.web_address import WebAddress, parse_address
from loopctl_pipelines.llm.event_loop import EventLoopThread

MOST_BYTES: Final = 5_000_000
MOST_REDIRECTS: Final = 5
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
# added to the deadline, in case a task cannot be cancelled
_GUARD_SECONDS = 1.0

# a document's bytes and Content-Type
_Body = tuple[bytes, str]


class Fetcher:
    """Fetches documents. Threads may share it; each fetch has connections of its own."""

    def __init__(
        self,
        *,
        ports: Collection[int],
        deadline_seconds: float,
        resolve: Resolver = resolve_name,
        connect: Connector = connect_to,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """Take what is needed, without connecting.

        Args:
            ports: allowed ports.
            deadline_seconds: for the whole fetch: names, connections, redirects and reading.
            resolve: returns a name's addresses; they are checked in any case.
            connect: connects to a checked address.
            tls: which certificates are trusted; None: those of the system's authorities.
        """
        self._ports = ports
        self._deadline_seconds = deadline_seconds
        self._resolve = resolve
        self._connect = connect
        self._tls = tls or ssl.create_default_context()
        self._loop = EventLoopThread("document-fetches")
        # it logs addresses with their queries
        logging.getLogger("httpcore2").setLevel(logging.CRITICAL + 1)

    def fetch(self, address: str) -> FetchedDocument | FetchFailure:
        """Return the document at an address as Markdown or text, or why there is none."""
        try:
            fetched = self._loop.run(
                self._fetched(address), guard_seconds=self._deadline_seconds + _GUARD_SECONDS
            )
        except TimeoutError:
            return FetchFailure(DocumentFailure.TIMED_OUT)
        if isinstance(fetched, FetchFailure):
            return fetched
        document = read_document(*fetched)
        return FetchFailure(document) if isinstance(document, DocumentFailure) else document

    def close(self) -> None:
        """End the thread; the next fetch starts it again."""
        self._loop.stop()

    async def _fetched(self, text: str) -> _Body | FetchFailure:
        async with asyncio.timeout(self._deadline_seconds):
            address = parse_address(text, self._ports)
            first = address
            for _ in range(MOST_REDIRECTS + 1):
                if isinstance(address, DocumentFailure):
                    return FetchFailure(address)
                # the userinfo is for the server that it was given for
                authorization = None
                if isinstance(first, WebAddress) and address.origin == first.origin:
                    authorization = first.authorization
                answer = await self._hop(address, authorization)
                if not isinstance(answer, str):
                    return answer
                address = _redirected(address, answer, self._ports)
        return FetchFailure(DocumentFailure.TOO_MANY_REDIRECTS)

    async def _hop(
        self, address: WebAddress, authorization: str | None
    ) -> _Body | str | FetchFailure:
        checked = await checked_addresses(address, self._resolve)
        if isinstance(checked, DocumentFailure):
            return FetchFailure(checked)
        connection = httpcore2.AsyncHTTPConnection(
            httpcore2.Origin(address.scheme.encode(), address.host.encode(), address.port),
            ssl_context=self._tls,
            network_backend=PinnedBackend(checked, self._connect),
        )
        try:
            return await _answer(connection, _request(address, authorization))
        except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
            is_certificate = isinstance(error.__cause__, ssl.SSLCertVerificationError)
            return FetchFailure(
                DocumentFailure.CERTIFICATE_INVALID
                if is_certificate
                else DocumentFailure.UNREACHABLE
            )
        except (
            httpcore2.NetworkError,
            httpcore2.ProtocolError,
            BrokenCompressionError,
        ):
            return FetchFailure(DocumentFailure.BROKEN_ANSWER)
        except TooLargeError:
            return FetchFailure(DocumentFailure.TOO_LARGE)
        finally:
            await connection.aclose()


def _request(address: WebAddress, authorization: str | None) -> httpcore2.Request:
    headers = {
        "Host": address.authority,
        "Accept": "text/markdown, text/html, text/plain;q=0.9, text/*;q=0.8, */*;q=0.1",
        "Accept-Encoding": "gzip",
        "Connection": "close",
        "User-Agent": "loopctl-pipelines",
    }
    if authorization is not None:
        headers["Authorization"] = authorization
    url = httpcore2.URL(
        scheme=address.scheme.encode(),
        host=address.host.encode(),
        port=address.port,
        target=address.target.encode(),
    )
    sent = [(name.encode(), value.encode()) for name, value in headers.items()]
    return httpcore2.Request("GET", url, headers=sent)


async def _answer(
    connection: httpcore2.AsyncHTTPConnection, request: httpcore2.Request
) -> _Body | str | FetchFailure:
    """Return the body of a 200, the Location of a redirect, or a failure without reading on."""
    response = await connection.handle_async_request(request)
    headers = {name.lower(): value.decode("latin-1") for name, value in response.headers}
    if response.status in _REDIRECTS and b"location" in headers:
        return headers[b"location"]
    if response.status != 200:  # noqa: PLR2004 - another 2xx has no document, or a part of one
        return FetchFailure(DocumentFailure.HTTP_STATUS, response.status)
    content_type = headers.get(b"content-type", "")
    if not is_supported(content_type):
        return FetchFailure(DocumentFailure.UNSUPPORTED_CONTENT)
    encoding = headers.get(b"content-encoding", "").strip().lower()
    if not LimitedBody.is_supported(encoding):
        return FetchFailure(DocumentFailure.UNSUPPORTED_ENCODING)
    body = LimitedBody(encoding, MOST_BYTES)
    async for chunk in response.aiter_stream():
        body.add(chunk)
    return body.finished(), content_type


def _redirected(
    address: WebAddress, location: str, ports: Collection[int]
) -> WebAddress | DocumentFailure:
    try:
        target = urljoin(f"{address.origin}{address.target}", location.strip(" \t"))
    except ValueError:
        return DocumentFailure.INVALID_URL
    parsed = parse_address(target, ports)
    if isinstance(parsed, WebAddress) and (
        parsed.userinfo is not None or (address.scheme, parsed.scheme) == ("https", "http")
    ):
        # somebody else's password, or an end to the encryption
        return DocumentFailure.REDIRECT_NOT_ALLOWED
    return parsed
