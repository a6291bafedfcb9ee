"""The text format of Prometheus."""

from collections.abc import Iterable, Iterator, Sequence

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector


class _Read(Collector):
    def __init__(self, metrics: Sequence[Metric]) -> None:
        self._metrics = metrics

    def collect(self) -> Iterator[Metric]:
        yield from self._metrics


def registry_of(metrics: Iterable[Metric]) -> CollectorRegistry:
    """Return a registry of metrics that have been read, as `prometheus_client` takes one."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Read(list(metrics)))
    return registry


def text_of(metrics: Iterable[Metric]) -> bytes:
    """Return metrics that have been read as text."""
    return generate_latest(registry_of(metrics))
