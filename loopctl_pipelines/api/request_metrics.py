"""Counts and durations of this process's requests, by route; no path, no tenant and no key."""

from typing import Final

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Histogram,
    ProcessCollector,
    generate_latest,
)

# a client may name any method
_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"})
_BUCKETS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class RequestMetrics:
    """What one API process has answered since its start."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        self._requests = Counter(
            "loopctl_api_requests",
            "Requests by route, as in the request log; `none`: no such route.",
            ("method", "route", "status"),
            registry=self._registry,
        )
        self._seconds = Histogram(
            "loopctl_api_request_seconds",
            "From a request's head to the end of its answer.",
            ("method", "route"),
            buckets=_BUCKETS,
            registry=self._registry,
        )

    def count(self, method: str, route: str, status: int | None, seconds: float) -> None:
        """Count a request.

        Args:
            method: the client's.
            route: the route's template.
            status: of the answer; None: there was none.
            seconds: how long it took.
        """
        method = method if method in _METHODS else "other"
        self._requests.labels(method, route, str(status or "none")).inc()
        self._seconds.labels(method, route).observe(seconds)

    def text(self) -> bytes:
        """Return the metrics in the text format of Prometheus."""
        return generate_latest(self._registry)
