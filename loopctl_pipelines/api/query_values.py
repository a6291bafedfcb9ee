"""Parses query parameters by loopctl's lenient rules, or rejects them by name."""

import re
from datetime import date
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, ConfigDict, WithJsonSchema
from pydantic_core import PydanticCustomError
from starlette.datastructures import QueryParams

from loopctl_pipelines.api.errors import invalid

_WHOLE = re.compile(r"([+-]?)0*([0-9]*)")
_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_DIGITS = 19
LARGEST = 2**63 - 1
"""Larger whole numbers count as this one."""


class NoQuery(BaseModel):
    """The parameters of a route that has none: each is refused by its name."""

    model_config = ConfigDict(extra="forbid")


def parse_uuid(text: str) -> UUID | None:
    """Return the UUID, or None if the text is not a UUID in canonical form (case is ignored)."""
    return UUID(text) if _UUID.fullmatch(text) else None


def lenient_whole(text: str, default: int) -> int:
    """Return the whole number at the start of the text: `2abc` is 2, `abc` is the default."""
    found = _WHOLE.match(text)
    if not found or not any(digit in found.group(0) for digit in "0123456789"):
        return default
    sign, digits = found.groups()
    # Python refuses to read numbers of many digits
    size = LARGEST if len(digits) > _DIGITS else min(int(digits or "0"), LARGEST)
    return -size if sign == "-" else size


def each_given_once(query: QueryParams) -> None:
    """Reject arrays: a repeated name, or the form `name[]=` of loopctl's web framework.

    Raises:
        RequestRefusedError: 422, naming the parameter.
    """
    seen: set[str] = set()
    for given, _ in query.multi_items():
        name, bracket, _ = given.partition("[")
        if bracket or name in seen:
            raise invalid(name, "must be one value")
        seen.add(name)


def _flag(text: object) -> object:
    return text == "true" if isinstance(text, str) else text


def _optional_uuid(text: object) -> object:
    if not isinstance(text, str):
        return text
    found = parse_uuid(text)
    if text and found is None:
        raise PydanticCustomError("uuid", "is not a UUID")
    return found


def _optional_day(text: object) -> object:
    if not isinstance(text, str):
        return text
    if not text:
        return None
    try:
        if _DAY.fullmatch(text):
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise PydanticCustomError("day", "is not a day such as 2026-04-02")


Flag = Annotated[bool, BeforeValidator(_flag), WithJsonSchema({"type": "boolean"})]
"""Only the literal `true` is true."""

OptionalUuid = Annotated[
    UUID | None,
    BeforeValidator(_optional_uuid),
    WithJsonSchema({"type": "string", "format": "uuid"}),
]
"""Empty: no filter."""

OptionalDay = Annotated[
    date | None,
    BeforeValidator(_optional_day),
    WithJsonSchema({"type": "string", "format": "date"}),
]
"""Empty: no bound."""
