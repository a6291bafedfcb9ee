"""The openai client, limited to one request at a time and nothing else.

The provider imports this module at its first request: the package takes most of a second to import.
"""

import logging
from collections.abc import Sequence

import httpx2
from openai import AsyncOpenAI, omit

from loopctl_pipelines.llm.secret import Secret

# other models reject a request with `dimensions`
_MODELS_WITH_DIMENSIONS = "text-embedding-3-"
# how the client marks that it wants the raw answer; it looks for the mark in the sent request
_RAW_RESPONSE = "x-stainless-raw-response"
_OWN_HEADERS = frozenset({"content-length", "authorization", _RAW_RESPONSE})
_KEPT_HEADERS = frozenset({"retry-after"})
_KEPT_CONNECTIONS = 32
# they log response headers and URLs, and OPENAI_LOG turns the first on
_LOGGERS = ("openai", "httpx2", "httpcore2")


def open_client(base_url: str) -> AsyncOpenAI:
    """Return a client without a key of its own, whose connections all tenants share.

    Environment variables have no effect: `trust_env` excludes proxies and certificates, and setting
    every header excludes the rest (key, organization, project, headers, base URL). A redirect is an
    answer like any other, never followed with the key. There is no timeout here: the caller sets
    one for the whole request, including the wait for a connection.
    """
    for name in _LOGGERS:
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    http_client = httpx2.AsyncClient(
        transport=_NarrowTransport(),
        follow_redirects=False,
        trust_env=False,
        timeout=None,
        event_hooks={"request": [_set_headers]},
    )
    return AsyncOpenAI(
        api_key="given with each request",
        base_url=base_url,
        max_retries=0,
        timeout=None,
        http_client=http_client,
    )


async def request_embeddings(  # noqa: PLR0913 - the request
    client: AsyncOpenAI,
    *,
    key: Secret,
    model: str,
    dimension: int,
    texts: Sequence[str],
    most_bytes: int,
) -> bytes | None:
    """Return the body of the provider's 2xx answer, or None if it exceeds `most_bytes`.

    Raises:
        Exception: any exception of the client, with the provider's text in it: sanitize it.
    """
    request = client.embeddings.with_streaming_response.create(
        input=list(texts),
        model=model,
        dimensions=dimension if model.startswith(_MODELS_WITH_DIMENSIONS) else omit,
        encoding_format="base64",
        extra_headers={"Authorization": f"Bearer {key.reveal()}"},
    )
    async with request as response:
        body = bytearray()
        async for chunk in response.iter_bytes():
            body += chunk
            if len(body) > most_bytes:
                return None
        return bytes(body)


class _NarrowTransport(httpx2.AsyncBaseTransport):
    """Passes on only what is needed: status, Retry-After, and the body of a 2xx as it was sent.

    The client would read an error answer to its end, however long, and keep it in its exception. It
    would also decompress a body that the provider compressed, up to a thousandfold.
    """

    def __init__(self) -> None:
        self._transport = httpx2.AsyncHTTPTransport(
            trust_env=False,
            limits=httpx2.Limits(max_connections=None, max_keepalive_connections=_KEPT_CONNECTIONS),
        )

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        response = await self._transport.handle_async_request(request)
        if response.is_success:
            return httpx2.Response(response.status_code, stream=response.stream)
        await response.aclose()
        kept = {name: response.headers[name] for name in _KEPT_HEADERS & response.headers.keys()}
        return httpx2.Response(response.status_code, headers=kept)

    async def aclose(self) -> None:
        await self._transport.aclose()


async def _set_headers(request: httpx2.Request) -> None:
    own = {name: request.headers[name] for name in _OWN_HEADERS if name in request.headers}
    request.headers = httpx2.Headers(
        {
            "Host": request.url.netloc.decode("ascii"),
            "Accept": "application/json",
            "Accept-Encoding": "identity",  # float32 hardly compresses; a zip bomb does
            "Content-Type": "application/json",
            "User-Agent": "loopctl-pipelines",
            **own,
        }
    )
