"""The forecast of the day on which a budget is used up, against spending day by day."""

from datetime import date, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopctl_pipelines.costs.budgets.forecast import FARTHEST_DAYS, used_up_on

LAST = date(2026, 4, 2)
AMOUNT = st.integers(0, 10_000)


def _spent_day_by_day(used: int, allowed: int, trailing: list[int]) -> date | None:
    """Add the average of the trailing days until nothing is left."""
    spent, daily = Fraction(used), Fraction(sum(trailing), len(trailing))
    for ahead in range(FARTHEST_DAYS + 1):
        if spent >= allowed:
            return LAST + timedelta(days=ahead)
        spent += daily
    return None


@given(AMOUNT, st.integers(1, 20_000), st.lists(AMOUNT, min_size=1, max_size=31))
def test_a_budget_is_used_up_when_the_average_of_the_trailing_days_has_been_added_often_enough(
    used: int, allowed: int, trailing: list[int]
) -> None:
    found = used_up_on(
        used=used, allowed=allowed, recent=sum(trailing), last=LAST, days=len(trailing)
    )
    assert found == _spent_day_by_day(used, allowed, trailing)


@pytest.mark.parametrize(
    ("used", "recent", "day"),
    [
        pytest.param(900, 140, LAST + timedelta(days=10), id="10 a day, 100 left"),
        pytest.param(900, 139, LAST + timedelta(days=11), id="less than 10 a day"),
        pytest.param(1000, 0, LAST, id="used up exactly"),
        pytest.param(2000, 140, LAST, id="used up long ago"),
        pytest.param(900, 0, None, id="nothing spent lately"),
        pytest.param(900, -140, None, id="corrections only"),
        pytest.param(-100, 14 * 1100, LAST + timedelta(days=1), id="corrected below 0"),
        pytest.param(634, 14, LAST + timedelta(days=366), id="a year"),
        pytest.param(633, 14, None, id="more than a year"),
    ],
)
def test_the_day_of_a_budget_of_1000_is(used: int, recent: int, day: date | None) -> None:
    assert used_up_on(used=used, allowed=1000, recent=recent, last=LAST) == day
