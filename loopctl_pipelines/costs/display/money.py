"""From loopctl's millicents (1/1000 cent, exact) to dollars, for people. Pure."""

from decimal import Decimal
from typing import Final

MILLICENTS_PER_DOLLAR: Final = 100_000


def dollars(millicents: int | Decimal) -> float:
    """Return dollars as a float: Dagster plots no decimals. Not for arithmetic."""
    return float(Decimal(millicents) / MILLICENTS_PER_DOLLAR)
