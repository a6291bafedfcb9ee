"""The embedding provider: one request, one deadline, checked vectors or a sanitized failure."""

import asyncio
import logging
import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING, Self

import numpy as np

from loopctl_pipelines.llm.event_loop import EventLoopThread
from loopctl_pipelines.llm.failures import FailureKind, ProviderError, ProviderFailure
from loopctl_pipelines.llm.openai.embedding_answer import Embedded, read_answer
from loopctl_pipelines.llm.openai.exceptions import OPENAI
from loopctl_pipelines.llm.sanitizer import sanitize
from loopctl_pipelines.llm.secret import Secret

if TYPE_CHECKING:
    from openai import AsyncOpenAI

DEADLINE_SECONDS = 4.0
# added to the deadline, in case a request cannot be cancelled: at most 5 s together
_GUARD_SECONDS = 1.0
# a number of 17 digits with its indentation, and everything but the vectors
_BYTES_PER_NUMBER = 40
_BYTES_AROUND = 65_536

_logger = logging.getLogger(__name__)


class EmbeddingProvider:
    """Embeds texts with the caller's key. Threads may share it.

    Requests run on an event loop, because only cancelling a task ends a request in any phase: an
    HTTP client's timeout restarts with each read, and a thread cannot be ended. The loop only reads
    bytes; the caller's thread checks the answer.
    """

    def __init__(self, base_url: str, *, deadline_seconds: float = DEADLINE_SECONDS) -> None:
        """Take the address, without connecting.

        Args:
            base_url: of the OpenAI-compatible API, including `/v1`; the operator's setting.
            deadline_seconds: for a whole request: name, connection, TLS, waiting and reading.
        """
        self._base_url = base_url
        self._deadline_seconds = deadline_seconds
        self._loop = EventLoopThread("embedding-provider")
        self._opening = threading.Lock()
        self._client: AsyncOpenAI | None = None

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
        with self._opening:
            client, self._client = self._client, None
        if client is not None:
            try:
                self._loop.run(client.close(), guard_seconds=_GUARD_SECONDS)
            except Exception as error:  # noqa: BLE001 - a connection that does not close
                _logger.warning("Closing the provider's connections: %s", _sanitize(error).log_tag)
        self._loop.stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _answer(
        self, key: Secret, model: str, dimension: int, texts: Sequence[str]
    ) -> Embedded | ProviderFailure:
        if not texts:
            return Embedded(np.empty((0, dimension), dtype=np.float32), 0)
        if unusable := _unusable(key):
            return ProviderFailure(unusable)
        try:
            request = self._request(self._opened(), key, model, dimension, texts)
            body = self._loop.run(request, guard_seconds=self._deadline_seconds + _GUARD_SECONDS)
            if isinstance(body, ProviderFailure):
                return body
            answer = body and read_answer(body, count=len(texts), dimension=dimension)
        except Exception as error:  # noqa: BLE001 - any exception becomes a failure
            return _sanitize(error)
        return answer or ProviderFailure(FailureKind.MALFORMED)

    async def _request(
        self, client: "AsyncOpenAI", key: Secret, model: str, dimension: int, texts: Sequence[str]
    ) -> bytes | ProviderFailure | None:
        from loopctl_pipelines.llm.openai.client import request_embeddings  # noqa: PLC0415

        try:
            async with asyncio.timeout(self._deadline_seconds):
                return await request_embeddings(
                    client,
                    key=key,
                    model=model,
                    dimension=dimension,
                    texts=texts,
                    most_bytes=len(texts) * dimension * _BYTES_PER_NUMBER + _BYTES_AROUND,
                )
        except Exception as error:  # noqa: BLE001 - sanitized here, so that nothing else leaves
            return _sanitize(error)

    def _opened(self) -> "AsyncOpenAI":
        from loopctl_pipelines.llm.openai.client import open_client  # noqa: PLC0415

        with self._opening:
            if self._client is None:
                self._client = open_client(self._base_url)
            return self._client


def _sanitize(error: Exception) -> ProviderFailure:
    return sanitize(error, vendor=OPENAI)


def _unusable(key: Secret) -> FailureKind | None:
    text = key.reveal()
    if not text.strip():
        return FailureKind.NO_API_KEY
    if not (text.isascii() and text.isprintable() and text == text.strip()):
        return FailureKind.UNUSABLE_KEY
    return None
