"""The HTTP client under a vendor's: sends and passes on only what is needed. Imports httpx2.

A vendor's folder imports this module at its first request: httpx2 takes a while to import.
"""

import asyncio
import json
import logging
import re
from collections.abc import AsyncIterable, Collection, Mapping
from http import HTTPStatus
from typing import Final

import httpx2

from loopctl_pipelines.llm.connection_pools import ConnectionPools

ABOUT_THE_MODEL: Final = "x-about-the-model"
"""Header that is added to a 404 whose body says that the model is unknown, not the address."""

# how these vendors' clients mark that they want the raw answer: they look for it in the request
_RAW_RESPONSE = "x-stainless-raw-response"
_KEPT_HEADERS = frozenset({"retry-after"})
_LOGGERS = ("httpx2", "httpcore2")
_MOST_REASON_BYTES = 4_096
_REASON_SECONDS = 1.0
# OpenAI's and Azure's; other servers have a sentence only
_CODES_OF_MODELS = frozenset({"model_not_found", "DeploymentNotFound"})
_MODEL = re.compile(r"\bmodel\b", re.IGNORECASE)


def open_http_client(
    vendor_logger: str, *, own: Collection[str], fixed: Mapping[str, str]
) -> httpx2.AsyncClient:
    """Return an HTTP client whose connections all tenants share.

    Environment variables have no effect: `trust_env` excludes proxies and certificates, and setting
    every header excludes what a vendor's client reads there. A redirect is an answer like any
    other, never followed with the key. There is no timeout here: the caller sets one for the whole
    request, including the wait for a connection.

    Args:
        vendor_logger: of the vendor's client; it is silenced, as it logs response headers and URLs.
        own: headers that are sent as the vendor's client sets them, in lower case.
        fixed: further headers of each request.
    """
    for name in (vendor_logger, *_LOGGERS):
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    sent_as_set = frozenset({"content-length", _RAW_RESPONSE, *own})

    async def set_headers(request: httpx2.Request) -> None:
        request.headers = httpx2.Headers(
            {
                "Host": request.url.netloc.decode("ascii"),
                "Accept": "application/json",
                "Accept-Encoding": "identity",  # a zip bomb would be decompressed
                "Content-Type": "application/json",
                "User-Agent": "loopctl-pipelines",
                **fixed,
                **{name: request.headers[name] for name in sent_as_set & request.headers.keys()},
            }
        )

    return httpx2.AsyncClient(
        transport=_NarrowTransport(),
        follow_redirects=False,
        trust_env=False,
        timeout=None,
        event_hooks={"request": [set_headers]},
    )


async def read_at_most(most_bytes: int, chunks: AsyncIterable[bytes]) -> bytes | None:
    """Return the body, or None, without reading on, if it exceeds `most_bytes`."""
    body = bytearray()
    async for chunk in chunks:
        body += chunk
        if len(body) > most_bytes:
            return None
    return bytes(body)


class _NarrowTransport(httpx2.AsyncBaseTransport):
    """Passes on only what is needed: status, Retry-After, and the body of a 2xx as it was sent.

    Of the body of a 404 only one bit is kept: whether it is about the model. If so, the tenant's
    settings are at fault; otherwise the server has no such address, which the operator chose.

    A vendor's client would read an error answer to its end, however long, and keep it in its
    exception. It would also decompress a body that the vendor compressed, up to a thousandfold.
    """

    def __init__(self) -> None:
        self._transport = ConnectionPools()

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        response = await self._transport.handle_async_request(request)
        if response.is_success:
            return httpx2.Response(response.status_code, stream=response.stream)
        about_the_model = (
            response.status_code == HTTPStatus.NOT_FOUND and await _is_about_the_model(response)
        )
        await response.aclose()
        kept = {name: response.headers[name] for name in _KEPT_HEADERS & response.headers.keys()}
        if about_the_model:
            kept[ABOUT_THE_MODEL] = "yes"
        return httpx2.Response(response.status_code, headers=kept)

    async def aclose(self) -> None:
        await self._transport.aclose()


async def _is_about_the_model(response: httpx2.Response) -> bool:
    """Tell whether a 404 says that it is about the model; False in doubt, however it is sent."""
    if not isinstance(response.stream, httpx2.AsyncByteStream):
        return False
    try:
        async with asyncio.timeout(_REASON_SECONDS):
            body = await read_at_most(_MOST_REASON_BYTES, response.stream)
    except (TimeoutError, httpx2.HTTPError):
        return False
    return body is not None and names_the_model(body)


def names_the_model(body: bytes) -> bool:
    """Tell whether the body of a 404 is an error object about the model."""
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        return False
    # an older vLLM has no object around the error
    error = answer.get("error", answer) if isinstance(answer, dict) else None
    if isinstance(error, str):  # an older Ollama
        return _MODEL.search(error) is not None
    if not isinstance(error, dict):
        return False
    message = error.get("message")
    return (
        error.get("param") == "model"
        or error.get("code") in _CODES_OF_MODELS
        or (isinstance(message, str) and _MODEL.search(message) is not None)
    )
