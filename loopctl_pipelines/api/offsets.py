"""Lists by `limit` and `offset`, as loopctl's routes of the knowledge base have them."""

from typing import Annotated

from pydantic import BaseModel, BeforeValidator, Field, WithJsonSchema

from loopctl_pipelines.api.query_values import NoQuery, lenient_whole

# past the end of every list, and within bigint
_LARGEST_OFFSET = 2**62


def clamped(default: int, largest: int) -> BeforeValidator:
    """Return what reads a limit leniently and clamps it to 1 to `largest`."""

    def limit(text: object) -> object:
        if not isinstance(text, str):
            return text
        return min(max(lenient_whole(text, default), 1), largest)

    return BeforeValidator(limit)


def limit_schema(default: int, largest: int) -> WithJsonSchema:
    """Return how such a limit is described."""
    return WithJsonSchema({"type": "integer", "minimum": 1, "maximum": largest, "default": default})


def _offset(text: object) -> object:
    if not isinstance(text, str):
        return text
    return min(max(lenient_whole(text, 0), 0), _LARGEST_OFFSET)


class OffsetQuery(NoQuery):
    """The place in the list. Numbers are read leniently: `2abc` is 2."""

    offset: Annotated[
        int,
        BeforeValidator(_offset),
        WithJsonSchema({"type": "integer", "minimum": 0, "maximum": _LARGEST_OFFSET, "default": 0}),
    ] = Field(0, description="Rows before the first one. Past the end the list is empty.")


class OffsetMeta(BaseModel):
    """Place of the rows in the list, from the same snapshot."""

    limit: int = Field(examples=[20])
    offset: int = Field(examples=[0])
    total_count: int = Field(description="Rows in all.", examples=[1])
