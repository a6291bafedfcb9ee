"""The openai client, kept from everything but the request it is asked for.

Imported by the provider at its first request: the package takes most of a second to import.
"""

import logging
from collections.abc import Sequence

import httpx2
from openai import AsyncOpenAI, omit

from loopctl_pipelines.llm.secret import Secret

# where it does not know `dimensions`, an older or other model refuses the request
_MODELS_WITH_DIMENSIONS = "text-embedding-3-"
# the client's mark that the answer is wanted unparsed; it looks for it in the request it has sent
_RAW_RESPONSE = "x-stainless-raw-response"
_OWN_HEADERS = frozenset({"content-length", "authorization", _RAW_RESPONSE})
_KEPT_HEADERS = frozenset({"retry-after"})
_KEPT_CONNECTIONS = 32
# they log response headers and URLs, and OPENAI_LOG turns the first on
_LOGGERS = ("openai", "httpx2", "httpcore2")


def open_client(base_url: str) -> AsyncOpenAI:
    """Return a client without a key of its own; its connections are kept for all tenants.

    No environment variable is heard: proxies and certificates by `trust_env`, the rest (key,
    organization, project, headers, base URL) because every header is set anew. A redirect is an
    answer like any other, never followed with the key. There is no timeout in here: the caller
    sets one for all of the request, waiting for a connection included.
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
    """Return the body of the provider's 2xx answer, or None where it exceeds `most_bytes`.

    Raises:
        Exception: whatever the client raises, with the provider's text in it: sanitize it.
    """
    asked = client.embeddings.with_streaming_response.create(
        input=list(texts),
        model=model,
        dimensions=dimension if model.startswith(_MODELS_WITH_DIMENSIONS) else omit,
        encoding_format="base64",
        extra_headers={"Authorization": f"Bearer {key.reveal()}"},
    )
    async with asked as response:
        body = bytearray()
        async for chunk in response.iter_bytes():
            body += chunk
            if len(body) > most_bytes:
                return None
        return bytes(body)


class _NarrowTransport(httpx2.AsyncBaseTransport):
    """Lets in only what is looked at: status, Retry-After, and the body of a 2xx as it is sent.

    The client would read a refusal to its end, however long it is, and keep it in its exception;
    and it would unpack a body that the provider packed unasked, some thousand bytes for each.
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
            "Accept-Encoding": "identity",  # float32 hardly compresses; an archive bomb does
            "Content-Type": "application/json",
            "User-Agent": "loopctl-pipelines",
            **own,
        }
    )
