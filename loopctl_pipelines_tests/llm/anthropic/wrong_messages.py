"""Answers with status 200 that are not a call of the tool, and the failure that must be kept."""

import json
from collections.abc import Callable
from typing import Any

from loopctl_pipelines.llm.anthropic.message_answer import TokenUsage
from loopctl_pipelines.llm.failures import FailureKind
from loopctl_pipelines_tests.llm import failing_provider as faults
from loopctl_pipelines_tests.llm.anthropic.message_body import tool_call
from loopctl_pipelines_tests.llm.failing_provider import Exchange, Fault

BILLED = TokenUsage(7, 3)
MALFORMED, TRUNCATED, REFUSED = (
    FailureKind.MALFORMED,
    FailureKind.TRUNCATED,
    FailureKind.REFUSED,
)


def message(change: Callable[[dict[str, Any]], object]) -> Fault:
    """Answer with a tool call, after applying `change` to the message."""

    def respond(exchange: Exchange) -> None:
        tool = json.loads(exchange.body)["tool_choice"]["name"]
        answer = tool_call(tool, exchange.chatter)
        change(answer)
        exchange.answer(200, json.dumps(answer).encode())

    return respond


def block(**values: object) -> Fault:
    """Answer with a tool call whose block has these values."""
    return message(lambda answer: answer["content"][0].update(values))


def usage(**values: object) -> Fault:
    """Answer with a tool call whose usage has these values."""
    return message(lambda answer: answer["usage"].update(values))


def infinite(exchange: Exchange) -> None:
    """Answer with a number that is JSON, but no float."""
    body = json.dumps(tool_call("file_articles"))
    exchange.answer(200, body.replace("0.5", "1e999").encode())


_TEXT = {"type": "text", "text": "I would rather write."}

# fault; kind that is kept; usage that is kept
BILLED_FAILURES: dict[str, tuple[Fault, FailureKind]] = {
    "the limit of tokens": (message(lambda m: m.update(stop_reason="max_tokens")), TRUNCATED),
    "the context window": (
        message(lambda m: m.update(stop_reason="model_context_window_exceeded")),
        TRUNCATED,
    ),
    "a refusal": (message(lambda m: m.update(stop_reason="refusal", content=[])), REFUSED),
    "a text only": (
        message(lambda m: m.update(content=[_TEXT])),
        MALFORMED,
    ),
    "the end of a turn": (message(lambda m: m.update(stop_reason="end_turn")), MALFORMED),
    "an unknown stop reason": (message(lambda m: m.update(stop_reason="tired")), MALFORMED),
    "an object for a stop reason": (message(lambda m: m.update(stop_reason={})), MALFORMED),
    "no stop reason": (message(lambda m: m.pop("stop_reason")), MALFORMED),
    "no message": (message(lambda m: m.update(type="error")), MALFORMED),
    "no content": (message(lambda m: m.update(content=[])), MALFORMED),
    "None for the content": (message(lambda m: m.update(content=None)), MALFORMED),
    "texts for blocks": (message(lambda m: m.update(content=["text"])), MALFORMED),
    "two calls": (message(lambda m: m.update(content=m["content"] * 2)), MALFORMED),
    "another block": (
        message(lambda m: m["content"].append({"type": "server_tool_use", "name": "search"})),
        MALFORMED,
    ),
    "another tool": (block(name="another"), MALFORMED),
    "a list for the input": (block(input=["a"]), MALFORMED),
    "JSON in a text for the input": (block(input='{"articles": []}'), MALFORMED),
    "half a character": (block(input={"title": "\ud800"}), MALFORMED),
    "an infinite number": (infinite, MALFORMED),
    "NaN": (block(input={"score": float("nan")}), MALFORMED),
}
UNBILLED_FAILURES: dict[str, Fault] = {
    "HTML": faults.html(200),
    "an error object": faults.error_object,
    "truncated JSON": faults.truncated_json,
    "nothing": faults.empty,
    "a list": lambda exchange: exchange.answer(200, b"[]"),
    "no end": faults.endless(200),
    "a gzip bomb": faults.gzip_bomb(200, unpacked_megabytes=64),
    "nesting without end": lambda exchange: exchange.answer(200, b"[" * 60_000),
    "no usage": message(lambda m: m.pop("usage")),
    "None for the usage": message(lambda m: m.update(usage=None)),
    "negative tokens": usage(output_tokens=-1),
    "true for tokens": usage(input_tokens=True),
    "a fraction of a token": usage(input_tokens=7.5),
    "NaN tokens": usage(input_tokens=float("nan")),
    "more tokens than the ledger holds": usage(input_tokens=2**31 - 1, cache_read_input_tokens=1),
    "a text for cached tokens": usage(cache_read_input_tokens="7"),
    "no output tokens": message(lambda m: m["usage"].pop("output_tokens")),
}
