"""Parses moments and days in query parameters, or rejects them by name. Pure."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, time
from typing import Annotated, Final

from pydantic import BeforeValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MOMENT: Final = re.compile(
    _DAY.pattern + r"[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?(Z|[+-][0-9]{2}:[0-9]{2})?"
)
_SCHEMA: Final = WithJsonSchema(
    {"type": "string", "anyOf": [{"format": "date-time"}, {"format": "date"}]}
)


def _reading(time_of_day: time) -> Callable[[object], object]:
    def moment(text: object) -> object:
        if not isinstance(text, str):
            return text
        if not text:
            return None
        try:
            if _DAY.fullmatch(text):
                return datetime.combine(datetime.fromisoformat(text), time_of_day)
            if _MOMENT.fullmatch(text):
                return _naive_utc(datetime.fromisoformat(text))
        except (ValueError, OverflowError):
            pass
        raise PydanticCustomError("moment", "is not a day or time such as 2026-04-02T12:00:00Z")

    return moment


def _naive_utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment


OptionalStart = Annotated[datetime | None, BeforeValidator(_reading(time.min)), _SCHEMA]
"""Naive UTC; a day is its start. Empty: no bound."""

OptionalEnd = Annotated[datetime | None, BeforeValidator(_reading(time.max)), _SCHEMA]
"""Naive UTC; a day is its last microsecond. Empty: no bound."""
