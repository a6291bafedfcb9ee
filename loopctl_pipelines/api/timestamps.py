"""Times as loopctl writes them: ISO 8601, UTC, always with microseconds and `Z`."""

from datetime import datetime
from typing import Annotated

from pydantic import PlainSerializer, WithJsonSchema


def _text(naive_utc: datetime) -> str:
    return f"{naive_utc.isoformat(timespec='microseconds')}Z"


Timestamp = Annotated[
    datetime,
    PlainSerializer(_text, return_type=str),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]
"""A naive datetime in UTC, as loopctl stores all times."""
