"""Parses times of a usage file. Pure."""

import re
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
# seconds, milliseconds, microseconds
_EPOCH_TIME: Final = re.compile(r"(\d{9,10}(?:\.\d+)?|\d{13}|\d{16})", re.ASCII)
_UNITS: Final = {13: 10**3, 16: 1}
_LOCAL: Final = re.compile(
    r"(\d{1,2})([./])(\d{1,2})\2(\d{4})(?:[ T,]+(\d{1,2}):(\d\d)(?::(\d\d))?\s*([AP]M)?)?",
    re.ASCII | re.IGNORECASE,
)
_UTC_NAME: Final = re.compile(r"\s*(?:UTC|GMT)$")


def utc(text: str, zone: tzinfo = UTC, *, day_first: bool | None = None) -> datetime:
    """Return a time as naive UTC.

    Read are ISO 8601, `02.04.2026 10:30`, seconds since 1970, milliseconds and microseconds, and
    `4/2/2026` if the order of day and month is given.

    Args:
        text: the time.
        zone: that of a time that names none.
        day_first: what a date with slashes begins with.

    Raises:
        ValueError: if the text is no such time.
    """
    try:
        if _EPOCH_TIME.fullmatch(text):
            at = _epoch_time(text)
        elif local := _LOCAL.fullmatch(text):
            at = _local_time(local, day_first=day_first)
        else:
            at = datetime.fromisoformat(_UTC_NAME.sub("+00:00", text))
        if at.tzinfo is None and zone is UTC:
            return at
        return (at if at.tzinfo else at.replace(tzinfo=zone)).astimezone(UTC).replace(tzinfo=None)
    except _AmbiguousDateError:
        raise ValueError(
            "has day and month in an unknown order; expected 2026-04-02, or --day-first or "
            "--month-first"
        ) from None
    except (ValueError, OverflowError):
        raise ValueError(
            "is not a time; expected 2026-04-02T13:00:00Z, 2026-04-02 or seconds since 1970"
        ) from None


class _AmbiguousDateError(Exception):
    """A date whose day and month cannot be told apart."""


def _epoch_time(text: str) -> datetime:
    whole, _, fraction = text.partition(".")
    microseconds = int(whole) * _UNITS.get(len(whole), 10**6)
    return _EPOCH + timedelta(microseconds=microseconds + int(f"{fraction:0<6}"[:6]))


def _local_time(found: re.Match[str], *, day_first: bool | None) -> datetime:
    first, mark, second, year, hour, minute, seconds, half = found.groups()
    if mark == "/" and day_first is None:
        raise _AmbiguousDateError
    is_day_first = mark == "." or day_first
    day, month = (first, second) if is_day_first else (second, first)
    hours = int(hour or 0)
    if half:
        hours = hours % 12 + (12 if half.upper() == "PM" else 0)
    return datetime(  # noqa: DTZ001 - the caller gives it its zone
        int(year), int(month), int(day), hours, int(minute or 0), int(seconds or 0)
    )
