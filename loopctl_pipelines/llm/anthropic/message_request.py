"""One request for a structured answer. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from loopctl_pipelines.llm.operation import Operation


@dataclass(frozen=True, slots=True)
class Tool:
    """What the model must call, so that its answer has a shape.

    Attributes:
        name: letters, digits, `_` and `-`, at most 64.
        description: tells the model what the tool is for.
        schema: JSON Schema of its input, an object. The vendor does not enforce it, nor is it
            checked here: the model may leave parts out.
    """

    name: str
    description: str
    schema: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class MessageRequest:
    """A system text and one message of the user, answered by a call of the tool.

    Attributes:
        operation: what it is for, for the ledger.
        model: the vendor's name of the model.
        system: the instructions.
        message: what they are about; foreign text must be delimited by the caller.
        tool: what the model must call.
        max_tokens: bound on the tokens of the answer; a longer one is `truncated`.
    """

    operation: Operation
    model: str
    system: str = field(repr=False)
    message: str = field(repr=False)
    tool: Tool
    max_tokens: int
