"""What a person asks for: days that exist, and one sentence where they do not."""

from datetime import date

import pytest

from loopctl_pipelines.costs.errors import (
    DayOutsidePartitionsError,
    MalformedDayError,
    ReversedRangeError,
)
from loopctl_pipelines.costs.planning.day_selection import select_days

START = date(2026, 1, 1)
TODAY = date(2026, 4, 4)


def test_a_range_includes_both_its_days() -> None:
    days = select_days("2026-01-01", "2026-04-03", start=START, today=TODAY)
    assert days == (date(2026, 1, 1), date(2026, 4, 3))


@pytest.mark.parametrize(
    "text", ["yesterday", "2026-02-30", "20260401", "2026-W14-4", "", "1/4/26"]
)
def test_a_malformed_day_is_told_as_it_was_written(text: str) -> None:
    with pytest.raises(MalformedDayError, match="is not a day") as caught:
        select_days(text, "2026-04-03", start=START, today=TODAY)
    assert repr(text) in str(caught.value)


@pytest.mark.parametrize("day", ["2025-12-31", "2026-04-04", "2027-01-01"])
def test_a_day_before_the_start_or_not_over_yet_has_no_partition(day: str) -> None:
    with pytest.raises(DayOutsidePartitionsError, match=r"2026-01-01 .* to 2026-04-03"):
        select_days(day, day, start=START, today=TODAY)


def test_a_reversed_range_is_refused() -> None:
    with pytest.raises(ReversedRangeError, match="give the earlier day first"):
        select_days("2026-04-03", "2026-04-01", start=START, today=TODAY)
