"""What is odd about a cost, by list prices that the test sets."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from loopctl_pipelines.costs.list_prices.rule import ModelUse, Oddity, judge
from loopctl_pipelines.llm.list_prices import HighestPrices
from loopctl_pipelines_tests.usage import id_of

# 1,000 input tokens are 300 millicents at most, 100 output tokens 150
PRICES = HighestPrices(Decimal(3), Decimal(15))
FREE = HighestPrices(Decimal(0), Decimal(0))
NO_OUTPUT = HighestPrices(Decimal(3), None)
USE = ModelUse(date(2026, 4, 1), id_of("agent"), "m", 1_000, 100, 450, 1)


@pytest.mark.parametrize(
    ("tokens", "cost", "prices", "oddity"),
    [
        pytest.param((1_000, 100), 450, PRICES, None, id="the list price"),
        pytest.param((1_000, 100), 451, PRICES, None, id="rounded up by a millicent"),
        pytest.param((1_000, 100), 452, PRICES, Oddity.ABOVE_LIST_PRICE, id="above"),
        pytest.param((1_000, 100), 1, PRICES, None, id="far below, as with a cache"),
        pytest.param((0, 0), 1, PRICES, Oddity.COST_WITHOUT_TOKENS, id="cost without tokens"),
        pytest.param((0, 0), 1, None, Oddity.COST_WITHOUT_TOKENS, id="of an unknown model too"),
        pytest.param((0, 0), 0, PRICES, None, id="nothing at all"),
        pytest.param((1_000, 100), 0, PRICES, Oddity.TOKENS_WITHOUT_COST, id="tokens for nothing"),
        pytest.param((3, 0), 0, PRICES, None, id="so few that they round to nothing"),
        pytest.param((1_000, 100), 0, FREE, None, id="a free model"),
        pytest.param((1_000, 100), 2, FREE, Oddity.ABOVE_LIST_PRICE, id="a free model that costs"),
        pytest.param((1_000, 100), 450, None, Oddity.UNKNOWN_MODEL, id="unknown"),
        pytest.param((1_000, 100), 0, None, Oddity.UNKNOWN_MODEL, id="unknown is not free"),
        pytest.param((1_000, 100), 300, NO_OUTPUT, Oddity.UNKNOWN_MODEL, id="no price of output"),
        pytest.param((1_000, 0), 302, NO_OUTPUT, Oddity.ABOVE_LIST_PRICE, id="and no output"),
        pytest.param((-1, 100), 9_999, PRICES, None, id="a correction of another day"),
        pytest.param((1_000, 100), -1, PRICES, None, id="a correction of the cost"),
    ],
)
def test_a_cost_is_judged_by_its_tokens(
    tokens: tuple[int, int], cost: int, prices: HighestPrices | None, oddity: Oddity | None
) -> None:
    given = replace(USE, input_tokens=tokens[0], output_tokens=tokens[1], cost_millicents=cost)
    assert judge(given, prices).oddity is oddity


def test_every_report_may_have_been_rounded_up() -> None:
    many = replace(USE, reports=50, cost_millicents=500)
    assert (judge(many, PRICES).oddity, judge(many, PRICES).most_millicents) == (None, 500)


def test_what_the_most_is_is_exact_however_many_tokens_there_are() -> None:
    huge = replace(USE, input_tokens=10**18 + 1, output_tokens=0, reports=0)
    assert judge(huge, PRICES).most_millicents == 3 * 10**17 + 1
