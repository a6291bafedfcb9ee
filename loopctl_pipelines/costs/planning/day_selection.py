"""Parses and checks the range of days that a person selects. Pure."""

from datetime import date, timedelta

from loopctl_pipelines.costs.errors import (
    DayOutsidePartitionsError,
    MalformedDayError,
    ReversedRangeError,
)


def select_days(first: str, last: str, *, start: date, today: date) -> tuple[date, date]:
    """Read a range of UTC days, both inclusive.

    Args:
        first: ISO date.
        last: ISO date.
        start: the first day with partitions.
        today: the current UTC day.

    Raises:
        MalformedDayError: if one is not an ISO date.
        ReversedRangeError: if the last lies before the first.
        DayOutsidePartitionsError: if one lies before `start`, or has not ended.
    """
    days = (read_day(first), read_day(last))
    if days[1] < days[0]:
        raise ReversedRangeError(*days)
    yesterday = today - timedelta(days=1)
    for day in days:
        if not start <= day <= yesterday:
            raise DayOutsidePartitionsError(day, start, yesterday)
    return days


def read_day(text: str) -> date:
    """Read an ISO date.

    Raises:
        MalformedDayError: if it is none.
    """
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise MalformedDayError(text) from None
    # Python reads 20260402 and 2026-W14-4 as well; the partitions' keys have one form
    if day.isoformat() != text:
        raise MalformedDayError(text)
    return day
