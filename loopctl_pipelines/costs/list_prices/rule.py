"""What is odd about a reported cost, by the list prices. Pure."""

from dataclasses import dataclass
from datetime import date
from decimal import ROUND_CEILING, Decimal
from enum import StrEnum
from typing import Final
from uuid import UUID

from loopctl_pipelines.llm.list_prices import HighestPrices

# a dollar has 100,000 millicents, and prices are per million tokens
_MILLICENTS_PER_TOKEN: Final = Decimal("0.1")


class Oddity(StrEnum):
    """What is odd about a cost."""

    COST_WITHOUT_TOKENS = "cost_without_tokens"
    TOKENS_WITHOUT_COST = "tokens_without_cost"
    ABOVE_LIST_PRICE = "above_list_price"
    UNKNOWN_MODEL = "unknown_model"


@dataclass(frozen=True, slots=True)
class ModelUse:
    """What an agent's reports of one model and UTC day add up to. Cost in millicents.

    A sum is negative if corrections of other days are in it.

    Attributes:
        reports: at most so many reports are in it, each with its cost rounded.
    """

    day: date
    agent_id: UUID
    model: str
    input_tokens: int
    output_tokens: int
    cost_millicents: int
    reports: int


@dataclass(frozen=True, slots=True)
class Judgement:
    """A model's use, compared with the list prices.

    Attributes:
        use: what was compared.
        oddity: what is odd about it; None: nothing, or it cannot be judged.
        most_millicents: the most that the tokens can cost; None: that is not known.
    """

    use: ModelUse
    oddity: Oddity | None
    most_millicents: int | None


def judge(use: ModelUse, prices: HighestPrices | None) -> Judgement:
    """Compare a model's use with the highest prices of its day.

    Args:
        use: what was reported.
        prices: the highest list prices of the model; None: it has none that is known.
    """
    most = _most_millicents(use, prices)
    tokens = (use.input_tokens, use.output_tokens)
    if use.cost_millicents < 0 or min(tokens) < 0:
        return Judgement(use, None, None)
    if not any(tokens):
        oddity = Oddity.COST_WITHOUT_TOKENS if use.cost_millicents else None
    elif most is None:
        oddity = Oddity.UNKNOWN_MODEL
    elif use.cost_millicents == 0:
        # a report's few tokens, worth less than a millicent, may have been rounded to nothing
        oddity = Oddity.TOKENS_WITHOUT_COST if most > 2 * use.reports else None
    else:
        oddity = Oddity.ABOVE_LIST_PRICE if use.cost_millicents > most else None
    return Judgement(use, oddity, most)


def _most_millicents(use: ModelUse, prices: HighestPrices | None) -> int | None:
    if prices is None or (use.output_tokens and prices.output is None):
        return None
    dollars = use.input_tokens * prices.input + use.output_tokens * (prices.output or 0)
    millicents = (dollars * _MILLICENTS_PER_TOKEN).to_integral_value(ROUND_CEILING)
    # every report may have been rounded up
    return int(millicents) + use.reports
