"""The embedding provider: one request, one deadline, checked vectors or a sanitized failure."""

import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING, Self

import numpy as np

from loopctl_pipelines.llm.failures import ProviderError, ProviderFailure
from loopctl_pipelines.llm.openai.embedding_answer import Embedded, read_answer
from loopctl_pipelines.llm.openai.exceptions import OPENAI
from loopctl_pipelines.llm.secret import Secret
from loopctl_pipelines.llm.vendor_connection import VendorConnection

if TYPE_CHECKING:
    from openai import AsyncOpenAI

# with the guard above it at most 5 s
DEADLINE_SECONDS = 4.0
# a number of 17 digits with its indentation, and everything but the vectors
_BYTES_PER_NUMBER = 40
_BYTES_AROUND = 65_536

_logger = logging.getLogger(__name__)


class EmbeddingProvider:
    """Embeds texts with the caller's key. Threads may share it."""

    def __init__(self, base_url: str, *, deadline_seconds: float = DEADLINE_SECONDS) -> None:
        """Take the address, without connecting.

        Args:
            base_url: of the OpenAI-compatible API, including `/v1`; the operator's setting.
            deadline_seconds: for a whole request: name, connection, TLS, waiting and reading.
        """

        def open_client() -> "AsyncOpenAI":
            from loopctl_pipelines.llm.openai import client  # noqa: PLC0415 - at the first request

            return client.open_client(base_url)

        self._connection = VendorConnection(OPENAI, open_client, deadline_seconds=deadline_seconds)

    def embed(self, key: Secret, model: str, dimension: int, texts: Sequence[str]) -> Embedded:
        """Return a vector for each text, from one request without retries.

        Raises:
            ProviderError: for any error. It holds a `ProviderFailure`; neither it nor its context
                contains the key, a text or a word of the answer.
        """
        answer = self._answer(key, model, dimension, texts)
        if isinstance(answer, ProviderFailure):
            # outside any handler, so that the error has no context at all
            raise ProviderError(answer) from None
        if not answer.tokens and texts:
            _logger.warning("The embedding provider does not say how many tokens it billed.")
        return answer

    def close(self) -> None:
        """Close connections and end the thread; the next request opens both again."""
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _answer(
        self, key: Secret, model: str, dimension: int, texts: Sequence[str]
    ) -> Embedded | ProviderFailure:
        if not texts:
            return Embedded(np.empty((0, dimension), dtype=np.float32), 0)

        async def send(client: "AsyncOpenAI") -> bytes | None:
            from loopctl_pipelines.llm.openai.client import request_embeddings  # noqa: PLC0415

            return await request_embeddings(
                client,
                key=key,
                model=model,
                dimension=dimension,
                texts=texts,
                most_bytes=len(texts) * dimension * _BYTES_PER_NUMBER + _BYTES_AROUND,
            )

        def read(body: bytes) -> Embedded | None:
            return read_answer(body, count=len(texts), dimension=dimension)

        return self._connection.request(key, send, read)
