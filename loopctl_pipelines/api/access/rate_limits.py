"""Limits the requests of a key, and of its tenant, per minute; the default limit is loopctl's.

A sliding window of two counters in this process's memory. An exact moving window would store the
time of every request of the last minute.
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
"""A tenant's limit is that of one key times this."""


@dataclass(frozen=True, slots=True)
class RateLimitStatus:
    """The state of a key's limit after a request.

    Attributes:
        admitted: whether the request is within both limits.
        limit: requests per minute of the key.
        remaining: requests left now.
        reset: Unix time at which more requests are left.
        retry_seconds: seconds until then, at least 1.
    """

    admitted: bool
    limit: int
    remaining: int
    reset: int
    retry_seconds: int

    @property
    def headers(self) -> dict[str, str]:
        """The headers of the response."""
        headers = {
            "x-ratelimit-limit": str(self.limit),
            "x-ratelimit-remaining": str(self.remaining),
            "x-ratelimit-reset": str(self.reset),
        }
        return headers if self.admitted else {**headers, "retry-after": str(self.retry_seconds)}


class RateLimits:
    """The counters of all keys and tenants."""

    def __init__(self) -> None:
        self._limiter = SlidingWindowCounterRateLimiter(MemoryStorage())

    def count(self, key_id: UUID, tenant_id: UUID, per_minute: int | None) -> RateLimitStatus:
        """Count a request, unless it exceeds a limit: a rejected request is not counted.

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
        return RateLimitStatus(
            admitted=not full,
            limit=limit,
            remaining=remaining,
            reset=math.ceil(reset),
            retry_seconds=max(math.ceil(reset - time.time()), 1),
        )
