"""Costs become millicents exactly; what could be read in two ways is refused."""

from decimal import Decimal
from fractions import Fraction
from math import floor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopctl_pipelines.loading.usage_values import CurrencyUnit, millicents, tokens

HALF_MILLICENTS = st.integers(-(10**14), 10**14).map(lambda halves: Decimal(halves) / 200_000)


@given(
    HALF_MILLICENTS | st.decimals(-(10**9), 10**9, allow_nan=False, allow_infinity=False),
    st.sampled_from(["{}", "{:e}", "{:f}", "{:,f}"]),
)
def test_dollars_become_millicents_exactly_with_halves_away_from_zero(
    dollars: Decimal, form: str
) -> None:
    text = form.format(dollars)
    exact = Fraction(dollars) * 100_000
    rounded = floor(abs(exact) + Fraction(1, 2))
    expected = (rounded if exact >= 0 else -rounded), not rounded and dollars != 0
    assert millicents(text, ".") == expected


@given(st.decimals(-(10**9), 10**9, places=5))
def test_a_decimal_comma_is_read_as_a_decimal_point_is(dollars: Decimal) -> None:
    swapped = f"{dollars:,}".translate(str.maketrans(".,", ",."))
    assert millicents(swapped, ",") == millicents(str(dollars))


def test_a_cost_just_below_half_a_millicent_is_not_rounded_twice() -> None:
    assert millicents("0.000005") == (1, False)
    assert millicents("0.00000" + "4" + "9" * 60) == (0, True)
    assert millicents("0.00000" + "4" + "9" * 300) == (0, True)


@pytest.mark.parametrize(
    ("unit", "expected"),
    [
        (CurrencyUnit.DOLLAR, 125_000),
        (CurrencyUnit.CENT, 1_250),
        (CurrencyUnit.MILLICENT, 1),
        (CurrencyUnit.MICRODOLLAR, 0),
    ],
)
def test_a_cost_is_counted_in_its_unit(unit: CurrencyUnit, expected: int) -> None:
    assert millicents("1.25", unit=unit)[0] == expected


@pytest.mark.parametrize("text", ["(2.57)", "($2.57)", "$(2.57)", "( 2.57 ) USD", "($2.57) USD"])
def test_an_amount_in_parentheses_is_negative(text: str) -> None:
    assert millicents(text)[0] == -257_000


@pytest.mark.parametrize("text", ["(-2.57)", "-(2.57)", "(2.57", "((2.57))", "()", "(2.57) EUR"])
def test_other_parentheses_are_no_number(text: str) -> None:
    with pytest.raises(ValueError, match="is not a number"):
        millicents(text)


@pytest.mark.parametrize(
    "text", ["1234.5", "1,234.5", "1'234.5", "1 234.5", "$1,234.50", "USD 1234.5", "1,234.50 USD"]
)
def test_thousands_and_signs_of_dollars_are_read(text: str) -> None:
    assert millicents(text)[0] == 123_450_000


@pytest.mark.parametrize(
    "text", ["", "free", "nan", "inf", "1_000", "1,23", "12,34.5", "1.234,5", "€1", "e5", "1..2"]
)
def test_what_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a number"):
        millicents(text)


def test_a_comma_before_three_digits_is_refused_until_the_decimal_mark_is_named() -> None:
    with pytest.raises(ValueError, match="is ambiguous"):
        millicents("1,234")
    assert millicents("1,234", ".") == (123_400_000, False)
    assert millicents("1,234", ",") == (123_400, False)
    assert tokens("1,234") == 1_234


def test_a_point_is_no_decimal_mark_beside_a_decimal_comma() -> None:
    assert millicents("1.234", ",") == (123_400_000, False)
    with pytest.raises(ValueError, match="expected 0,25"):
        millicents("0.25", ",")
