"""The embedding provider: one request, one deadline, checked vectors or a sanitized failure."""

import logging
from collections.abc import Sequence
from hashlib import sha256
from typing import TYPE_CHECKING, Final, Literal, Self

import numpy as np

from loopctl_pipelines.llm.failures import ProviderError, ProviderFailure
from loopctl_pipelines.llm.openai.embedding_answer import Embedded, read_answer
from loopctl_pipelines.llm.openai.exceptions import DEADLINE_SECONDS, OPENAI
from loopctl_pipelines.llm.secret import Secret
from loopctl_pipelines.llm.vendor_connection import VendorConnection

if TYPE_CHECKING:
    from openai import AsyncOpenAI

# a number of 17 digits with its indentation, so that 4,096 numbers without it are read, too: too
# many, but then it can be said how many; and everything but the vectors
_BYTES_PER_NUMBER = 64
_BYTES_AROUND = 65_536

BEARER_HEADER: Final = "Authorization"
Encoding = Literal["base64", "float"]

_logger = logging.getLogger(__name__)


class EmbeddingProvider:
    """Embeds texts with the caller's key. Threads may share it.

    Attributes:
        endpoint: SHA-256 of the address and the header of the key.
    """

    def __init__(
        self,
        base_url: str,
        *,
        deadline_seconds: float = DEADLINE_SECONDS,
        key_header: str = BEARER_HEADER,
    ) -> None:
        """Take the address, without connecting.

        Args:
            base_url: of the OpenAI-compatible API, including `/v1`; the operator's setting.
            deadline_seconds: for a whole request: name, connection, TLS, waiting and reading.
            key_header: header that carries the key: `Authorization`, as a bearer token, or another
                one, as it is.
        """
        self._key_header = key_header
        # not the URL itself: it may name hosts of the operator's network
        name = f"{base_url.rstrip('/')}\n{key_header.lower()}"
        self.endpoint = sha256(name.encode()).digest()

        def open_client() -> "AsyncOpenAI":
            from loopctl_pipelines.llm.openai import client  # noqa: PLC0415 - at the first request

            return client.open_client(base_url, key_header)

        self._connection = VendorConnection(OPENAI, open_client, deadline_seconds=deadline_seconds)

    def embed(
        self,
        key: Secret,
        model: str,
        dimension: int,
        texts: Sequence[str],
        *,
        encoding: Encoding = "base64",
    ) -> Embedded:
        """Return a vector for each text, from one request without retries.

        Args:
            key: whose owner pays.
            model: the provider's name of the model.
            dimension: numbers that the column holds; smaller vectors are filled with zeros.
            texts: at least one, or nothing is sent.
            encoding: of the vectors in the answer; `float` takes four times the bytes.

        Raises:
            ProviderError: for any error. It holds a `ProviderFailure`; neither it nor its context
                contains the key, a text or a word of the answer.
        """
        answer = self._answer(key, model, dimension, texts, encoding)
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
        self, key: Secret, model: str, dimension: int, texts: Sequence[str], encoding: Encoding
    ) -> Embedded | ProviderFailure:
        if not texts:
            return Embedded(np.empty((0, dimension), dtype=np.float32), 0, dimension)

        async def send(client: "AsyncOpenAI") -> bytes | None:
            from loopctl_pipelines.llm.openai.client import request_embeddings  # noqa: PLC0415

            return await request_embeddings(
                client,
                credentials=self._credentials(key),
                model=model,
                dimension=dimension,
                texts=texts,
                encoding=encoding,
                most_bytes=len(texts) * dimension * _BYTES_PER_NUMBER + _BYTES_AROUND,
            )

        def read(body: bytes) -> Embedded | ProviderFailure | None:
            return read_answer(body, count=len(texts), column=dimension)

        return self._connection.request(key, send, read)

    def _credentials(self, key: Secret) -> dict[str, str]:
        is_bearer = self._key_header.lower() == BEARER_HEADER.lower()
        return {self._key_header: f"Bearer {key.reveal()}" if is_bearer else key.reveal()}
