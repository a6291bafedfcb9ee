"""Reads the answer to a request for a tool call, and checks every value in it. Pure."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from loopctl_pipelines.llm.failures import FailureKind, ProviderFailure

# the ledger's column is a 32-bit integer
_MOST_TOKENS = 2**31 - 1
_CACHE_FIELDS = ("cache_creation_input_tokens", "cache_read_input_tokens")
# blocks that a model may write before it calls the tool
_BEFORE_A_CALL = frozenset({"text", "thinking", "redacted_thinking"})
_STOPPED_EARLY = {
    "max_tokens": FailureKind.TRUNCATED,
    "model_context_window_exceeded": FailureKind.TRUNCATED,
    "refusal": FailureKind.REFUSED,
}
_MALFORMED = ProviderFailure(FailureKind.MALFORMED)
# what reading a value of another shape raises
_NOT_A_MESSAGE = (ValueError, TypeError, KeyError, AttributeError, RecursionError)

ToolInput = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class TokenUsage:
    """Tokens that a request was billed for.

    Attributes:
        input: of the request, tokens written to and read from a cache included.
        output: of the answer.
    """

    input: int
    output: int


@dataclass(frozen=True, slots=True)
class Answer:
    """How a request ended. A failure may have been billed, too.

    Attributes:
        result: the tool's input, JSON of finite numbers and valid Unicode; or why there is none.
        usage: None: the vendor does not say, or did not answer.
    """

    result: ToolInput | ProviderFailure = field(repr=False)
    usage: TokenUsage | None = None


def read_answer(body: bytes, tool: str) -> Answer:
    """Return the input of the one tool call; anything else is a failure, with its usage if known.

    An answer without its usage is malformed: it would be missing in the ledger.

    Args:
        body: of a 2xx answer.
        tool: name of the tool that had to be called.
    """
    try:
        answer = json.loads(body)
        usage = _usage(answer["usage"])
    except _NOT_A_MESSAGE:
        return Answer(_MALFORMED)
    try:
        return Answer(_result(answer, tool), usage)
    except _NOT_A_MESSAGE:
        return Answer(_MALFORMED, usage)


def _usage(usage: Mapping[str, object]) -> TokenUsage:
    cached = sum(_tokens(usage[name]) for name in _CACHE_FIELDS if usage.get(name) is not None)
    return TokenUsage(
        _tokens(_tokens(usage["input_tokens"]) + cached), _tokens(usage["output_tokens"])
    )


def _tokens(value: object) -> int:
    if type(value) is not int or not 0 <= value <= _MOST_TOKENS:
        raise ValueError("not a number of tokens")
    return value


def _result(answer: Mapping[str, object], tool: str) -> ToolInput | ProviderFailure:
    stop_reason = answer["stop_reason"]
    if type(stop_reason) is str and stop_reason in _STOPPED_EARLY:
        return ProviderFailure(_STOPPED_EARLY[stop_reason])
    blocks = answer["content"]
    if (answer["type"], stop_reason) != ("message", "tool_use") or type(blocks) is not list:
        raise ValueError("not a message that ends in a tool call")
    calls = [block for block in blocks if block["type"] not in _BEFORE_A_CALL]
    if [(call["type"], call["name"]) for call in calls] != [("tool_use", tool)]:
        raise ValueError("not exactly one call of the tool")
    tool_input = calls[0]["input"]
    if type(tool_input) is not dict:
        raise TypeError("not an object")
    # Python reads NaN and 1e999 as numbers, and half a character as text
    json.dumps(tool_input, allow_nan=False, ensure_ascii=False).encode()
    return tool_input
