"""The tails of all tenants, as they are given to a run and kept with a tenant's day. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from loopctl_pipelines.costs.baselines.threshold import PooledTail

Row = tuple[str, float, float, Sequence[float]]
"""Kind of tail, stories, spread, shares: a row of pooled_tails.sql."""


@dataclass(frozen=True, slots=True)
class PooledTails:
    """The upper tail of all tenants' ratios and the lower one, mirrored."""

    high: PooledTail
    low: PooledTail

    @classmethod
    def of_rows(cls, rows: Sequence[Row]) -> Self | None:
        """Build them from the rows of both kinds; None if one is missing."""
        tails = {kind: PooledTail(stories, spread, tuple(s)) for kind, stories, spread, s in rows}
        return cls(tails["high"], tails["low"]) if len(tails) == len(("high", "low")) else None

    @classmethod
    def of_json(cls, stored: Mapping[str, Any]) -> Self:
        """Read them as they are kept."""
        return cls(PooledTail(**stored["high"]), PooledTail(**stored["low"]))

    def as_json(self) -> dict[str, Any]:
        """Return the form in which they are kept."""
        return {"high": self.high.as_json(), "low": self.low.as_json()}
