"""How the messages provider handles each way a real server can answer, fail or stall."""

import contextlib
import json
import logging
import pickle
import socket
import ssl
import threading
from collections.abc import Iterator
from dataclasses import replace

import pytest
import trustme
from llmock.pytest_plugin import LLMock

from loopctl_pipelines.llm.anthropic.message_answer import Answer
from loopctl_pipelines.llm.anthropic.message_request import MessageRequest, Tool
from loopctl_pipelines.llm.anthropic.messages_provider import MessagesProvider
from loopctl_pipelines.llm.failures import FailureKind, ProviderError, ProviderFailure
from loopctl_pipelines.llm.operation import Operation
from loopctl_pipelines.llm.outcomes import counts_for_breaker, outcome
from loopctl_pipelines.llm.secret import Secret
from loopctl_pipelines_tests.llm import failing_provider as faults
from loopctl_pipelines_tests.llm.anthropic import wrong_messages
from loopctl_pipelines_tests.llm.anthropic.message_body import FOUND
from loopctl_pipelines_tests.llm.anthropic.wrong_messages import (
    BILLED,
    BILLED_FAILURES,
    UNBILLED_FAILURES,
    message,
    usage,
)
from loopctl_pipelines_tests.llm.canary import Canaries, canary
from loopctl_pipelines_tests.llm.failing_provider import Exchange, FailingProvider, Fault
from loopctl_pipelines_tests.llm.openai.provider_cases import (
    BROKEN,
    BROKEN_CONNECTIONS,
    DEADLINE,
    MALFORMED,
    REDIRECTS,
    REJECTIONS,
    STALLS,
    in_seconds,
)

KEY, WORD, TEXT = canary("key"), canary("word"), canary("text")
CANARIES = Canaries({"key": KEY, "word": WORD, "text": TEXT})
TOOL = Tool("file_articles", "Files articles.", {"type": "object"})
REQUEST = MessageRequest(Operation.EXTRACTION, "a-model", f"{TEXT} system", TEXT, TOOL, 1_000)
PATIENT_SECONDS = 60.0
IMPATIENT_SECONDS = 0.5


@pytest.fixture(autouse=True)
def _logged(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Log everything, and find no canary in it."""
    caplog.set_level(logging.DEBUG)
    yield
    assert CANARIES.found_in(caplog.text) == set()
    assert all(record.exc_info is None for record in caplog.records)


def call(address: str, *, seconds: float = PATIENT_SECONDS, key: str = KEY) -> Answer:
    with MessagesProvider(address, deadline_seconds=seconds) as provider:
        return provider.call(Secret(key), REQUEST)


def failure_of(answer: Answer) -> ProviderFailure:
    """Return the failure, after checking that the answer and an error made of it leak nothing."""
    assert isinstance(answer.result, ProviderFailure)
    shown = [repr(answer), str(ProviderError(answer.result))]
    shown += [pickle.dumps(each).decode("latin-1") for each in (answer, answer.result)]
    assert CANARIES.found_in("\n".join(shown)) == set()
    return answer.result


def ask(fault: Fault, *, seconds: float = PATIENT_SECONDS) -> Answer:
    """Call a provider with this fault; exactly one request must reach it."""
    with FailingProvider(fault, word=WORD) as server:
        answer = call(server.address, seconds=seconds)
        assert server.requests == 1
        return answer


def unbilled(fault: Fault, *, seconds: float = PATIENT_SECONDS) -> ProviderFailure:
    answer = ask(fault, seconds=seconds)
    assert answer.usage is None
    return failure_of(answer)


def test_a_tool_call_is_its_input_and_its_usage() -> None:
    assert ask(message(lambda _: None)) == Answer(FOUND, BILLED)


def test_thoughts_and_a_text_before_the_tool_call_are_ignored() -> None:
    before = [{"type": "thinking", "thinking": "Two."}, {"type": "text", "text": "I file two."}]
    assert ask(message(lambda m: m.update(content=before + m["content"]))).result == FOUND


def test_cached_tokens_are_input_tokens() -> None:
    answer = ask(usage(cache_creation_input_tokens=100, cache_read_input_tokens=1_000))
    assert answer.usage is not None
    assert (answer.usage.input, answer.usage.output) == (1_107, 3)


def test_null_for_cached_tokens_is_none() -> None:
    assert ask(usage(cache_creation_input_tokens=None)).usage == BILLED


@pytest.mark.parametrize("case", REJECTIONS)
def test_a_rejection_keeps_its_status_and_nothing_else(case: str) -> None:
    fault, kept, expected, counted = REJECTIONS[case]
    assert unbilled(fault) == kept
    assert (outcome(kept), counts_for_breaker(kept)) == (expected, counted)


def test_529_an_overloaded_vendor_is_transient_and_counted() -> None:
    overloaded = unbilled(faults.refusal(529, Retry_After="12"))
    assert overloaded == ProviderFailure(FailureKind.API_ERROR, 529, 12)
    assert counts_for_breaker(overloaded)


def test_a_date_in_retry_after_counts_from_now() -> None:
    failure = unbilled(faults.refusal(429, Retry_After=in_seconds(200)))
    assert failure.retry_after is not None
    assert 0 < failure.retry_after <= 200


@pytest.mark.parametrize("case", BILLED_FAILURES)
def test_a_billed_answer_that_is_no_call_of_the_tool_keeps_its_usage(case: str) -> None:
    fault, kind = BILLED_FAILURES[case]
    answer = ask(fault)
    assert (failure_of(answer), answer.usage) == (ProviderFailure(kind), BILLED)


@pytest.mark.parametrize("case", UNBILLED_FAILURES)
def test_a_200_without_a_readable_usage_is_malformed(case: str) -> None:
    assert unbilled(UNBILLED_FAILURES[case]) == MALFORMED


@pytest.mark.parametrize("case", BROKEN_CONNECTIONS)
def test_a_broken_connection_is_a_failed_request(case: str) -> None:
    assert unbilled(BROKEN_CONNECTIONS[case]) == BROKEN


@pytest.mark.parametrize("case", STALLS)
def test_the_deadline_covers_the_whole_request(case: str) -> None:
    assert unbilled(STALLS[case], seconds=IMPATIENT_SECONDS) == DEADLINE


@pytest.mark.parametrize("case", REDIRECTS)
def test_a_redirect_is_a_rejection(case: str) -> None:
    fault, kept = REDIRECTS[case]
    assert unbilled(fault) == kept


def test_a_redirect_is_not_followed_with_the_key() -> None:
    with FailingProvider(message(lambda _: None)) as elsewhere:
        unbilled(faults.redirect(307, f"{elsewhere.address}/v1/messages"))
        assert elsewhere.requests == 0


def test_a_refused_connection_is_a_failed_request() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        answer = call(f"http://127.0.0.1:{unused.getsockname()[1]}")
    assert failure_of(answer) == BROKEN


def test_a_certificate_of_an_unknown_authority_is_a_failed_request_and_the_key_is_not_sent() -> (
    None
):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    with FailingProvider(message(lambda _: None), tls=context) as server:
        assert failure_of(call(server.address)) == BROKEN
        assert server.requests == 0


@pytest.mark.parametrize(
    ("key", "kind"),
    [
        ("", FailureKind.NO_API_KEY),
        (" \t\n", FailureKind.NO_API_KEY),
        ("ключ", FailureKind.UNUSABLE_KEY),
        (f"{KEY}\r\nX-Injected: 1", FailureKind.UNUSABLE_KEY),
    ],
    ids=ascii,
)
def test_without_a_usable_key_nothing_is_sent(key: str, kind: FailureKind) -> None:
    with FailingProvider(message(lambda _: None)) as server:
        assert failure_of(call(server.address, key=key)) == ProviderFailure(kind)
        assert server.requests == 0


def test_a_message_that_is_no_text_is_a_crash_with_nothing_of_it() -> None:
    with (
        FailingProvider(message(lambda _: None)) as server,
        MessagesProvider(server.address, deadline_seconds=PATIENT_SECONDS) as provider,
    ):
        answer = provider.call(Secret(KEY), replace(REQUEST, message=f"{TEXT}\ud800"))
    assert failure_of(answer).kind in {FailureKind.CRASH, FailureKind.REQUEST_FAILED}


def test_variables_of_the_vendor_s_client_have_no_effect(monkeypatch: pytest.MonkeyPatch) -> None:
    keys: list[str] = []

    def remember(exchange: Exchange) -> None:
        keys.append(exchange.key)
        message(lambda _: None)(exchange)

    with FailingProvider(remember) as wrong, FailingProvider(remember) as right:
        for name in ("ANTHROPIC_BASE_URL", "HTTP_PROXY", "http_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, wrong.address)
        for name in ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "ANTHROPIC_PROFILE"):
            monkeypatch.setenv(name, "the operator's")
        monkeypatch.setenv("ANTHROPIC_CUSTOM_HEADERS", "X-Api-Key: the operator's")
        monkeypatch.setenv("ANTHROPIC_LOG", "debug")
        assert call(right.address).result == FOUND
        assert failure_of(call(right.address, key="")).kind is FailureKind.NO_API_KEY
        assert (wrong.requests, keys) == (0, [KEY])


def test_only_what_a_request_needs_is_sent() -> None:
    seen: dict[str, str] = {}
    bodies: list[object] = []

    def remember(exchange: Exchange) -> None:
        seen.update((name.lower(), value) for name, value in exchange.handler.headers.items())
        bodies.append(json.loads(exchange.body))
        message(lambda _: None)(exchange)

    ask(remember)
    needed = {"host", "accept", "accept-encoding", "content-type", "content-length"}
    own = {"x-api-key", "anthropic-version", "user-agent"}
    assert seen.keys() - {"x-stainless-raw-response"} == needed | own
    assert seen["anthropic-version"] == "2023-06-01"
    tool = {"name": TOOL.name, "description": TOOL.description, "input_schema": TOOL.schema}
    choice = {"type": "tool", "name": TOOL.name, "disable_parallel_tool_use": True}
    assert bodies == [
        {
            "model": REQUEST.model,
            "max_tokens": REQUEST.max_tokens,
            "system": REQUEST.system,
            "messages": [{"role": "user", "content": REQUEST.message}],
            "tools": [tool],
            "tool_choice": choice,
        }
    ]


def test_many_threads_share_one_provider_each_with_its_own_key() -> None:
    keys = [canary(str(number)) for number in range(12)]
    answered: dict[str, object] = {}

    def echo(exchange: Exchange) -> None:
        wrong_messages.block(input={"key": exchange.key})(exchange)

    with (
        FailingProvider(echo) as server,
        MessagesProvider(server.address, deadline_seconds=PATIENT_SECONDS) as provider,
        contextlib.ExitStack() as threads,
    ):

        def ask_with(key: str) -> None:
            answered[key] = provider.call(Secret(key), REQUEST).result

        for key in keys:
            thread = threading.Thread(target=ask_with, args=(key,))
            thread.start()
            threads.callback(thread.join)
    assert answered == {key: {"key": key} for key in keys}


def test_an_independent_server_of_the_messages_api_is_understood(llmock: LLMock) -> None:
    schema = {
        "type": "object",
        "properties": {"category": {"type": "string"}},
        "required": ["category"],
    }
    request = replace(REQUEST, tool=Tool("classify", "Classifies.", schema), max_tokens=10_000)
    address = llmock.base_url("anthropic").removesuffix("/v1")
    with MessagesProvider(address, deadline_seconds=PATIENT_SECONDS) as provider:
        answer = provider.call(Secret("sk-ant"), request)
    assert not isinstance(answer.result, ProviderFailure)
    assert isinstance(answer.result["category"], str)
    assert answer.usage is not None
    assert answer.usage.input > 0 < answer.usage.output
