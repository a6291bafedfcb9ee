"""When a story's cost of a day is an anomaly. Pure."""

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class AnomalyRule:
    """The factors between a story's cost and its epic's average of the day (behaviour 2).

    Attributes:
        high_factor: a story strictly above this multiple of the average is `high_cost`.
        low_factor: a story strictly below this multiple is `suspiciously_low`.
    """

    high_factor: Decimal = Decimal("3.0")
    low_factor: Decimal = Decimal("0.1")
