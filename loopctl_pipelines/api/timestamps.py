"""Times as loopctl writes them: ISO 8601, UTC, always with microseconds and `Z`."""

from datetime import UTC, datetime
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


def naive_utc(moment: datetime) -> datetime:
    """Return a time that has a time zone as a `Timestamp`."""
    return moment.astimezone(UTC).replace(tzinfo=None)
