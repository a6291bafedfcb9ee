"""The stand-in for Anthropic answers, bills and rejects as the vendor does."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

import pytest

from loopctl_pipelines.llm.anthropic.message_answer import Answer
from loopctl_pipelines.llm.anthropic.message_request import MessageRequest, Tool
from loopctl_pipelines.llm.anthropic.messages_provider import MessagesProvider
from loopctl_pipelines.llm.anthropic.tenant_settings import DEFAULT_MODEL
from loopctl_pipelines.llm.failures import FailureKind, ProviderFailure
from loopctl_pipelines.llm.fake.messages_server import MessagesServer
from loopctl_pipelines.llm.operation import Operation
from loopctl_pipelines.llm.secret import Secret

TOOL = Tool("echo", "Echoes.", {"type": "object"})
REQUEST = MessageRequest(Operation.MERGE, DEFAULT_MODEL, "Echo.", "Hello.", TOOL, 100)


def echo(tool: str, system: str, message: str) -> Mapping[str, object]:
    return {"tool": tool, "system": system, "message": message}


@pytest.fixture
def server() -> Iterator[MessagesServer]:
    with MessagesServer(["a-key"], echo) as server:
        yield server


def ask(server: MessagesServer, request: MessageRequest = REQUEST, key: str = "a-key") -> Answer:
    with MessagesProvider(server.base_url, deadline_seconds=60) as provider:
        return provider.call(Secret(key), request)


def rejected(status: int) -> Answer:
    return Answer(ProviderFailure(FailureKind.API_ERROR, status))


def test_the_reply_is_the_tool_s_input(server: MessagesServer) -> None:
    answer = ask(server)
    assert answer.result == {"tool": "echo", "system": "Echo.", "message": "Hello."}
    assert (server.requests, server.answers) == (1, 1)


def test_a_longer_message_and_a_longer_answer_cost_more(server: MessagesServer) -> None:
    short, long = ask(server).usage, ask(server, replace(REQUEST, message="Hello. " * 9)).usage
    assert short is not None
    assert long is not None
    assert (long.input > short.input, long.output > short.output) == (True, True)


def test_an_answer_beyond_the_limit_is_truncated_and_billed(server: MessagesServer) -> None:
    answer = ask(server, replace(REQUEST, max_tokens=5))
    assert answer.result == ProviderFailure(FailureKind.TRUNCATED)
    assert answer.usage is not None
    assert answer.usage.output == 5


def test_another_key_a_model_nobody_knows_and_a_limit_of_0_are_rejected(
    server: MessagesServer,
) -> None:
    assert ask(server, key="another") == rejected(401)
    assert ask(server, replace(REQUEST, model="gpt-1")) == rejected(404)
    assert ask(server, replace(REQUEST, max_tokens=0)) == rejected(400)
    assert (server.requests, server.answers) == (3, 0)
