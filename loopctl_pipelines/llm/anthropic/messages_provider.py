"""The messages provider: one request, one deadline, a checked tool call or a sanitized failure."""

from typing import TYPE_CHECKING, Self

from loopctl_pipelines.llm.anthropic.exceptions import ANTHROPIC
from loopctl_pipelines.llm.anthropic.message_answer import Answer, read_answer
from loopctl_pipelines.llm.anthropic.message_request import MessageRequest
from loopctl_pipelines.llm.failures import ProviderFailure
from loopctl_pipelines.llm.secret import Secret
from loopctl_pipelines.llm.vendor_connection import VendorConnection

if TYPE_CHECKING:
    from anthropic import AsyncAnthropic

# a token is at most a few dozen characters, escaped in JSON; and everything but the content
_BYTES_PER_TOKEN = 256
_BYTES_AROUND = 65_536


class MessagesProvider:
    """Asks a model with the caller's key. Threads may share it."""

    def __init__(self, base_url: str, *, deadline_seconds: float) -> None:
        """Take the address, without connecting.

        Args:
            base_url: of the API, without `/v1`; the operator's setting.
            deadline_seconds: for a whole request: name, connection, TLS, waiting and reading.
        """

        def open_client() -> "AsyncAnthropic":
            from loopctl_pipelines.llm.anthropic import client  # noqa: PLC0415 - at the first call

            return client.open_client(base_url)

        self._connection = VendorConnection(
            ANTHROPIC, open_client, deadline_seconds=deadline_seconds
        )

    def call(self, key: Secret, request: MessageRequest) -> Answer:
        """Return the input of the tool that the model called, from one request without retries.

        Never raises: any error is a sanitized failure in the answer, which contains neither the
        key nor a text.
        """

        async def send(client: "AsyncAnthropic") -> bytes | None:
            from loopctl_pipelines.llm.anthropic.client import request_message  # noqa: PLC0415

            most_bytes = request.max_tokens * _BYTES_PER_TOKEN + _BYTES_AROUND
            return await request_message(client, key=key, request=request, most_bytes=most_bytes)

        def read(body: bytes) -> Answer:
            return read_answer(body, request.tool.name)

        answer = self._connection.request(key, send, read)
        return Answer(answer) if isinstance(answer, ProviderFailure) else answer

    def close(self) -> None:
        """Close connections and end the thread; the next request opens both again."""
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
