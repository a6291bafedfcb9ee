"""How many requests a key and its tenant have in a minute (behaviour 4).

Counted in this process's memory by two counters a minute, of which the older one fades out (sliding
window). A moving window would be exact, and keep the time of every request of the minute.
"""

import math
import time
from dataclasses import dataclass
from uuid import UUID

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import SlidingWindowCounterRateLimiter

REQUESTS_PER_MINUTE = 300
TENANT_FACTOR = 3
"""A tenant has as many requests as so many of its keys."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a key stands after a request.

    Attributes:
        admitted: whether the request is within both limits.
        limit: requests per minute of the key.
        remaining: of them, how many are left now.
        reset: Unix seconds at which more are left.
        retry_seconds: until then, at least 1.
    """

    admitted: bool
    limit: int
    remaining: int
    reset: int
    retry_seconds: int

    @property
    def headers(self) -> dict[str, str]:
        """The headers of the response."""
        told = {
            "x-ratelimit-limit": str(self.limit),
            "x-ratelimit-remaining": str(self.remaining),
            "x-ratelimit-reset": str(self.reset),
        }
        return told if self.admitted else {**told, "retry-after": str(self.retry_seconds)}


class RateLimits:
    """The counters of all keys and tenants."""

    def __init__(self) -> None:
        self._limiter = SlidingWindowCounterRateLimiter(MemoryStorage())

    def count(self, key_id: UUID, tenant_id: UUID, per_minute: int | None) -> Standing:
        """Count a request, unless it is beyond a limit: what is refused costs nothing.

        Args:
            key_id: the key.
            tenant_id: its tenant.
            per_minute: requests per minute of each key of the tenant; None: the default.
        """
        limit = per_minute or REQUESTS_PER_MINUTE
        of_key = (RateLimitItemPerMinute(limit), "key", str(key_id))
        of_tenant = (RateLimitItemPerMinute(limit * TENANT_FACTOR), "tenant", str(tenant_id))
        full = [found for found in (of_key, of_tenant) if not self._limiter.test(*found)]
        if not full:
            self._limiter.hit(*of_key)
            self._limiter.hit(*of_tenant)
        remaining = self._limiter.get_window_stats(*of_key).remaining
        reset = max(self._limiter.get_window_stats(*found)[0] for found in full or [of_key])
        return Standing(
            admitted=not full,
            limit=limit,
            remaining=remaining,
            reset=math.ceil(reset),
            retry_seconds=max(math.ceil(reset - time.time()), 1),
        )
