"""What tokens cost by the vendor's list price, in dollars. Pure.

The prices are data of the installed package `genai-prices`. It is imported at the first question:
that takes about a second.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_DOWN, ROUND_UP, Decimal
from typing import Final

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
