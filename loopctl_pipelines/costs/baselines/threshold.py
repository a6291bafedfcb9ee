"""From which factor on a story is reported, so that no more usual ones are than a budget allows.

Pure. The tenant's own tail counts as many stories as it has; that of all tenants counts as
POOL_WEIGHT more. So the pool decides while the history is short, and hardly matters later.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import exp, log
from typing import Any, Final

from loopctl_pipelines.costs.baselines.ratios import SPREADS, Tail

POOL_WEIGHT: Final = 500
"""Stories that the pooled tail counts as."""

POOL_SPREAD_WEIGHT: Final = 20
"""Stories that the pooled spread counts as: a few stories tell the spread, but not the tail."""

LEAST_STORIES: Final = 100
"""With fewer stories in it, a history or a pool says nothing by itself."""

LEAST_POOLED: Final = 15
"""A tenant with fewer stories in its history is not pooled: they do not tell its spread."""

LEAST_FACTOR: Final = 2.0
"""A story of less than twice its baseline, or more than half of it, is never reported."""


class Source(StrEnum):
    """Whose stories a threshold rests on: the tenant's, all tenants', or nobody's."""

    TENANT = "tenant"
    ALL_TENANTS = "all tenants"
    FIXED = "fixed factor"


@dataclass(frozen=True, slots=True)
class PooledTail:
    """The tails of all tenants together.

    Attributes:
        stories: how many there are.
        spread: the median of the tenants' spreads.
        shares: for each of SPREADS, the share of the stories above.
    """

    stories: float
    spread: float
    shares: Sequence[float]

    def as_json(self) -> dict[str, Any]:
        """Return the form in which they are kept."""
        return {"stories": self.stories, "spread": self.spread, "shares": list(self.shares)}


@dataclass(frozen=True, slots=True)
class Threshold:
    """The factor above which, or below which, a story is reported.

    Attributes:
        factor: above 1 for high costs, below 1 for low ones.
        source: whose stories it rests on.
    """

    factor: float
    source: Source


def high_threshold(own: Tail, pool: PooledTail | None, budget: float, fixed: float) -> Threshold:
    """Return the factor that `budget` of 1,000 usual stories exceed.

    Args:
        own: the tail of the tenant's trailing ratios.
        pool: that of all tenants; None while there is none.
        budget: reports per 1,000 usual stories.
        fixed: the factor as long as neither says anything.
    """
    if pool is not None and pool.stories < LEAST_STORIES:
        pool = None
    is_long = own.stories >= LEAST_STORIES
    if pool is None and not is_long:
        return Threshold(fixed, Source.FIXED)
    distance = _distance(own, pool, budget / 1000)
    factor = exp(own.median + distance * _spread(own, pool))
    return Threshold(max(factor, LEAST_FACTOR), Source.TENANT if is_long else Source.ALL_TENANTS)


def low_threshold(own: Tail, pool: PooledTail | None, budget: float, fixed: float) -> Threshold:
    """Return the factor that `budget` of 1,000 usual stories stay below; tails are mirrored."""
    inverse = high_threshold(own, pool, budget, 1 / fixed if fixed else float("inf"))
    return Threshold(1 / inverse.factor, inverse.source)


def _spread(own: Tail, pool: PooledTail | None) -> float:
    if pool is None or not pool.spread:
        return own.spread
    if not own.spread:
        # all its stories cost the same, or there is none
        return 0.0 if own.stories >= LEAST_STORIES else pool.spread
    weight = own.stories / (own.stories + POOL_SPREAD_WEIGHT)
    return exp(weight * log(own.spread) + (1 - weight) * log(pool.spread))


def _distance(own: Tail, pool: PooledTail | None, share: float) -> float:
    """Return at how many spreads from the median the share lies above; the last if none does.

    One story more than was seen counts as above: the next may be further than all before.
    """
    weight = POOL_WEIGHT if pool else 0
    pooled = pool.shares if pool else [0.0] * len(SPREADS)
    stories = own.stories + weight + 1
    shares = [
        (seen + weight * of_pool + 1) / stories
        for seen, of_pool in zip(own.above, pooled, strict=True)
    ]
    before: tuple[float, float] | None = None
    for distance, above in zip(SPREADS, shares, strict=True):
        if above <= share:
            if before is None:
                return distance
            nearer, more = before
            return nearer + (distance - nearer) * (more - share) / (more - above)
        before = (distance, above)
    return SPREADS[-1]
