"""Times become naive UTC."""

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopctl_pipelines.loading.usage_times import utc


@given(
    st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1)),  # noqa: DTZ001 - given its zone below
    st.integers(-14 * 60, 14 * 60),
)
def test_times_become_naive_utc(at: datetime, minutes: int) -> None:
    zoned = at.replace(tzinfo=timezone(timedelta(minutes=minutes)))
    expected = zoned.astimezone(UTC).replace(tzinfo=None)
    assert utc(zoned.isoformat()) == expected
    assert utc(expected.isoformat()) == expected
    assert utc(f"{expected.isoformat()}Z") == expected


@pytest.mark.parametrize(
    "text",
    [
        "2026-04-02 10:30:00 UTC",
        "02.04.2026 10:30",
        "1775125800",
        "1775125800.0",
        "1775125800000",
        "1775125800000000",
        "20260402T103000Z",
    ],
)
def test_one_moment_is_written_in_many_ways(text: str) -> None:
    assert utc(text).isoformat() == "2026-04-02T10:30:00"


def test_a_time_without_a_zone_is_in_the_zone_that_was_named() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    assert utc("2026-04-02 01:00", berlin).isoformat() == "2026-04-01T23:00:00"
    assert utc("02.04.2026", berlin).isoformat() == "2026-04-01T22:00:00"
    assert utc("2026-04-02T01:00Z", berlin).isoformat() == "2026-04-02T01:00:00"
    assert utc("1775088000", berlin).isoformat() == "2026-04-02T00:00:00"


def test_a_date_with_slashes_needs_its_order() -> None:
    with pytest.raises(ValueError, match="--day-first or --month-first"):
        utc("4/2/2026")
    assert utc("4/2/2026 1:30 PM", day_first=False).isoformat() == "2026-04-02T13:30:00"
    assert utc("4/2/2026", day_first=True).isoformat() == "2026-02-04T00:00:00"


@pytest.mark.parametrize(
    "text", ["", "yesterday", "4.13.2026", "26-04-02", "12345", "0001-01-01T00:00:00+05:00"]
)
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a time; expected 2026-04-02T13:00:00Z"):
        utc(text)
