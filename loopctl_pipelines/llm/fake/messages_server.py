"""A small server on 127.0.0.1 that speaks Anthropic's Messages API, for forced tool calls."""

import json
import threading
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from email.message import Message
from http import HTTPStatus
from typing import Self

from loopctl_pipelines.llm.anthropic.tenant_settings import DEFAULT_MODEL
from loopctl_pipelines.llm.fake.json_server import JsonAnswer, JsonServer
from loopctl_pipelines.llm.openai.limits import token_estimate

Reply = Callable[[str, str, str], Mapping[str, object]]


class MessagesServer:
    """Serves `POST /v1/messages` inside a `with` block.

    Args:
        keys: accepted API keys; any other gets 401.
        reply: returns the tool's input, given the tool's name, the system text and the message.
        latency_seconds: delay before each answer.
        models: known models; any other gets 404.
        port: 0 picks a free one.

    Attributes:
        requests: requests so far, rejected ones included.
        answers: requests answered so far with status 200: those would be billed.
    """

    def __init__(
        self,
        keys: Collection[str],
        reply: Reply,
        *,
        latency_seconds: float = 0.0,
        models: Collection[str] = (DEFAULT_MODEL,),
        port: int = 0,
    ) -> None:
        self.requests = 0
        self.answers = 0
        self._keys = frozenset(keys)
        self._reply = reply
        self._latency_seconds = latency_seconds
        self._models = frozenset(models)
        self._counting = threading.Lock()
        self._server = JsonServer("/v1/messages", self._answer, _NO_SUCH_PATH, port=port)

    @property
    def base_url(self) -> str:
        """The base URL of its API, without `/v1`."""
        return self._server.address

    def __enter__(self) -> Self:
        self._server.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.stop()

    def _answer(self, headers: Message, body: bytes) -> JsonAnswer:
        time.sleep(self._latency_seconds)
        with self._counting:
            self.requests += 1
        if headers.get("X-Api-Key", "") not in self._keys:
            return _error(HTTPStatus.UNAUTHORIZED, "authentication_error", "invalid x-api-key")
        if "Anthropic-Version" not in headers:
            return _invalid("anthropic-version: header is required")
        try:
            request = _Request.read(body)
        except (ValueError, TypeError, KeyError, IndexError):
            return _invalid("Only a system text, a message and a forced tool call are served.")
        if request.model not in self._models:
            return _error(HTTPStatus.NOT_FOUND, "not_found_error", f"model: {request.model}")
        with self._counting:
            self.answers += 1
            number = self.answers
        tool_input = self._reply(request.tool, request.system, request.message)
        return HTTPStatus.OK, _message(number, request, tool_input)


@dataclass(frozen=True, slots=True)
class _Request:
    model: str
    max_tokens: int
    system: str
    message: str
    tool: str
    tokens: int

    @classmethod
    def read(cls, body: bytes) -> Self:
        """Read a request for a call of one of the tools that it offers."""
        request = json.loads(body)
        system, message = request["system"], request["messages"][0]["content"]
        tool = request["tool_choice"]["name"]
        schemas = {each["name"]: each["input_schema"] for each in request["tools"]}
        if tool not in schemas or not request["max_tokens"] >= 1:
            raise ValueError("not a tool that is offered, or no token to call it")
        tokens = token_estimate(system + message + json.dumps(schemas))
        return cls(request["model"], request["max_tokens"], system, message, tool, tokens)


def _message(
    number: int, request: _Request, tool_input: Mapping[str, object]
) -> Mapping[str, object]:
    """Return a call of the tool; beyond the limit of tokens it is cut off, as the vendor's is."""
    tokens = token_estimate(json.dumps(tool_input))
    fits = tokens <= request.max_tokens
    call = {
        "type": "tool_use",
        "id": f"toolu_{number}",
        "name": request.tool,
        "input": tool_input if fits else {},
    }
    return {
        "id": f"msg_{number}",
        "type": "message",
        "role": "assistant",
        "model": request.model,
        "content": [call],
        "stop_reason": "tool_use" if fits else "max_tokens",
        "stop_sequence": None,
        "usage": {
            "input_tokens": request.tokens,
            "output_tokens": min(tokens, request.max_tokens),
        },
    }


def _invalid(text: str) -> JsonAnswer:
    return _error(HTTPStatus.BAD_REQUEST, "invalid_request_error", text)


def _error(status: HTTPStatus, kind: str, text: str) -> JsonAnswer:
    return status, {"type": "error", "error": {"type": kind, "message": text}}


_, _NO_SUCH_PATH = _error(HTTPStatus.NOT_FOUND, "not_found_error", "Not Found")
