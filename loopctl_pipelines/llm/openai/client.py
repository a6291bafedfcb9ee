"""The openai client, limited to one request at a time and nothing else.

The provider imports this module at its first request: the package takes most of a second to import.
"""

from collections.abc import Sequence

from openai import AsyncOpenAI, omit

from loopctl_pipelines.llm.narrow_http import open_http_client, read_at_most
from loopctl_pipelines.llm.secret import Secret

# other models reject a request with `dimensions`
_MODELS_WITH_DIMENSIONS = "text-embedding-3-"


def open_client(base_url: str) -> AsyncOpenAI:
    """Return a client without a key of its own, which reads nothing from the environment."""
    return AsyncOpenAI(
        api_key="given with each request",
        base_url=base_url,
        max_retries=0,
        timeout=None,
        http_client=open_http_client("openai", own={"authorization"}, fixed={}),
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
        return await read_at_most(most_bytes, response.iter_bytes())
