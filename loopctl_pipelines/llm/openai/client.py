"""The openai client, limited to one request at a time and nothing else.

The provider imports this module at its first request: the package takes most of a second to import.
"""

from collections.abc import Mapping, Sequence
from typing import Literal

from openai import AsyncOpenAI, NotFoundError, omit

from loopctl_pipelines.llm.narrow_http import ABOUT_THE_MODEL, open_http_client, read_at_most
from loopctl_pipelines.llm.openai.exceptions import WrongUrlError

# other models reject a request with `dimensions`; a gateway puts a vendor's name before a model's
_MODELS_WITH_DIMENSIONS = "text-embedding-3-"


def open_client(base_url: str, key_header: str) -> AsyncOpenAI:
    """Return a client without a key of its own, which reads nothing from the environment.

    Args:
        base_url: of the API.
        key_header: the header that carries the key; no other one is sent.
    """
    return AsyncOpenAI(
        api_key="given with each request",
        base_url=base_url,
        max_retries=0,
        timeout=None,
        http_client=open_http_client("openai", own={key_header.lower()}, fixed={}),
    )


async def request_embeddings(  # noqa: PLR0913 - the request
    client: AsyncOpenAI,
    *,
    credentials: Mapping[str, str],
    model: str,
    dimension: int,
    texts: Sequence[str],
    encoding: Literal["base64", "float"],
    most_bytes: int,
) -> bytes | None:
    """Return the body of the provider's 2xx answer, or None if it exceeds `most_bytes`.

    Raises:
        WrongUrlError: if the server has no such address.
        Exception: any exception of the client, with the provider's text in it: sanitize it.
    """
    request = client.embeddings.with_streaming_response.create(
        input=list(texts),
        model=model,
        dimensions=dimension if takes_dimensions(model) else omit,
        encoding_format=encoding,
        extra_headers=credentials,
    )
    try:
        async with request as response:
            return await read_at_most(most_bytes, response.iter_bytes())
    except NotFoundError as error:
        if ABOUT_THE_MODEL in error.response.headers:
            raise
    raise WrongUrlError


def takes_dimensions(model: str) -> bool:
    """Tell whether the model shortens its vectors if it is asked to."""
    return model.rpartition("/")[2].startswith(_MODELS_WITH_DIMENSIONS)
