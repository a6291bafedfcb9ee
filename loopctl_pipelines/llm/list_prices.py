"""What tokens cost by the vendor's list price, in dollars, and what they can cost at most. Pure.

The prices are data of the installed package `genai-prices`. It is imported at the first question:
that takes about a second.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import ROUND_DOWN, ROUND_UP, Decimal
from functools import lru_cache
from typing import Any, Final

_SHOWN: Final = Decimal("0.0001")


@dataclass(frozen=True, slots=True)
class ListPrice:
    """What tokens of some models cost together.

    Attributes:
        dollars: of the models with a known price.
        unknown_models: whose price is not known, so that they are not part of `dollars`.
    """

    dollars: Decimal = Decimal(0)
    unknown_models: int = 0

    def __add__(self, other: "ListPrice") -> "ListPrice":
        return ListPrice(self.dollars + other.dollars, self.unknown_models + other.unknown_models)

    def __str__(self) -> str:
        """Return dollars to a hundredth of a cent, rounded up, or that they are not all known."""
        if not self.unknown_models:
            return str(self.dollars.quantize(_SHOWN, ROUND_UP))
        known = self.dollars.quantize(_SHOWN, ROUND_DOWN)
        return f"unknown, at least {known}" if known else "unknown"


def dollars_by_list_price(
    vendor: str, model: str, input_tokens: int, output_tokens: int
) -> Decimal | None:
    """Return the dollars that tokens of short requests cost; None: the price is not known.

    Tokens of many requests may be given at once, because the price of a request below 200,000
    tokens is used, whatever the sum is. Cached tokens count as input. Batches and discounts are
    not considered.

    Args:
        vendor: its name, such as "anthropic".
        model: the vendor's name of the model.
        input_tokens: 0 or more.
        output_tokens: 0 or more.
    """
    from genai_prices import Usage, calc_price  # noqa: PLC0415 - see above

    try:
        price = calc_price(Usage(input_tokens=1, output_tokens=1), model, provider_id=vendor)
    except LookupError:
        return None
    priced = price.model_price
    if priced.input_mtok is None or (output_tokens and priced.output_mtok is None):
        return None
    return price.input_price * input_tokens + price.output_price * output_tokens


def list_price(vendor: str, tokens: Mapping[str, tuple[int, int]]) -> ListPrice:
    """Return what tokens of a vendor's models cost.

    Args:
        vendor: its name.
        tokens: by model: (input, output).
    """
    total = ListPrice()
    for model, (input_tokens, output_tokens) in tokens.items():
        dollars = dollars_by_list_price(vendor, model, input_tokens, output_tokens)
        total += ListPrice(unknown_models=1) if dollars is None else ListPrice(dollars)
    return total


@dataclass(frozen=True, slots=True)
class HighestPrices:
    """The most that a token of a model can cost by list price, in dollars per million.

    Attributes:
        input: the dearest way to read a token: a long request, or a write to the vendor's cache.
        output: the same for a token that is written; None if the model's output has no price.
    """

    input: Decimal
    output: Decimal | None


@lru_cache(maxsize=4096)
def highest_prices(vendor: str | None, model: str, day: date) -> HighestPrices | None:
    """Return the highest list prices of the UTC day; None: they are not known.

    Args:
        vendor: its name, such as "anthropic"; None: the one that the model's name belongs to.
        model: the vendor's name of the model.
        day: prices change.
    """
    from genai_prices import Usage, calc_price  # noqa: PLC0415 - see above

    at = datetime.combine(day, time(12), UTC)
    one = Usage(input_tokens=1, output_tokens=1)
    try:
        prices = calc_price(one, model, provider_id=vendor, genai_request_timestamp=at).model_price
    except LookupError:
        return None
    # by their names, so that a new way to charge for a token counts as soon as the package has it
    read = [_highest(prices, name) for name in dir(prices) if name.startswith(("input_", "cache_"))]
    written = [_highest(prices, name) for name in dir(prices) if name.startswith("output_")]
    if prices.input_mtok is None or getattr(prices, "requests_kcount", None) is not None:
        return None
    return HighestPrices(max(read), max(written) if prices.output_mtok is not None else None)


def _highest(prices: Any, name: str) -> Decimal:  # noqa: ANN401 - its attributes depend on the model
    price = getattr(prices, name) if name.endswith("_mtok") else None
    if price is None:
        return Decimal(0)
    tiers = [tier.price for tier in getattr(price, "tiers", ())]
    return max(getattr(price, "base", price), *tiers) if tiers else Decimal(price)
