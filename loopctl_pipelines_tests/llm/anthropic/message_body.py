"""The answer of the Messages API that the tests start from."""

from typing import Any

FOUND = {"articles": [{"title": "Retries", "score": 0.5}]}


def tool_call(tool: str, note: str = "") -> dict[str, Any]:
    """Return a message that calls the tool with `FOUND`, billed 7 and 3 tokens."""
    return {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": note,
        "content": [{"type": "tool_use", "id": "toolu_1", "name": tool, "input": FOUND}],
        "stop_reason": "tool_use",
        "stop_sequence": None,
        "usage": {"input_tokens": 7, "output_tokens": 3},
    }
