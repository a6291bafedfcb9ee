"""Families of metrics: a total of all tenants, and a series for each tenant that may be named."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric

from loopctl_pipelines.terminal_text import visible

_PREFIX: Final = "loopctl_"

Values = Iterable[tuple[UUID, tuple[str, ...], float]]
"""Tenant, values of the labels, value."""


@dataclass(frozen=True, slots=True)
class Family:
    """A metric that is read by tenant.

    Attributes:
        name: without `loopctl_`; a counter's without `_total`.
        meaning: a sentence without its full stop.
        labels: names of its labels.
        is_counter: it only grows, or begins again at 0.
        total: makes one value of all tenants' values.
        known: values of the labels whose total is shown even if no tenant has one, as 0.
    """

    name: str
    meaning: str
    labels: Sequence[str] = ()
    is_counter: bool = False
    total: Callable[[Iterable[float]], float] = sum
    known: Sequence[tuple[str, ...]] = ()

    def metrics(self, values: Values, named: Mapping[UUID, str]) -> Iterator[Metric]:
        """Yield the total, and the tenants' values if any may be named.

        The two have different names, so that a sum over one of them counts nothing twice.

        Args:
            values: of all tenants; those of the same tenant and labels count together.
            named: slugs of the tenants that may be named.
        """
        totals: dict[tuple[str, ...], list[float]] = {labels: [] for labels in self.known}
        by_tenant: dict[tuple[str, ...], list[float]] = {}
        for tenant_id, labels, value in values:
            totals.setdefault(labels, []).append(value)
            if tenant_id in named:
                by_tenant.setdefault((visible(named[tenant_id]), *labels), []).append(value)
        yield self._metric("", self.labels, totals)
        if named:
            yield self._metric("tenant_", ("tenant", *self.labels), by_tenant)

    def _metric(
        self, prefix: str, labels: Sequence[str], values: Mapping[tuple[str, ...], list[float]]
    ) -> Metric:
        kind = CounterMetricFamily if self.is_counter else GaugeMetricFamily
        metric = kind(f"{_PREFIX}{prefix}{self.name}", f"{self.meaning}.", labels=labels)
        for label_values, found in sorted(values.items()):
            metric.add_metric(label_values, self.total(found))
        return metric


def single(name: str, meaning: str, label: str, values: Mapping[str, float]) -> Metric:
    """Return a gauge that belongs to no tenant, by the values of its one label."""
    metric = GaugeMetricFamily(f"{_PREFIX}{name}", f"{meaning}.", labels=(label,))
    for label_value, value in values.items():
        metric.add_metric((label_value,), value)
    return metric
