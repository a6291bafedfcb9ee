"""Which of the listed anomalies are shown."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Self

from loopctl_pipelines.costs.anomalies.anomaly import AnomalyType
from loopctl_pipelines.costs.display.stored_costs import StoredAnomaly
from loopctl_pipelines.costs.errors import ReversedRangeError
from loopctl_pipelines.costs.planning.day_selection import read_day
from loopctl_pipelines.tenants.tenant import Tenant

AnomaliesByTenant = Mapping[Tenant, Sequence[StoredAnomaly]]


@dataclass(frozen=True, slots=True)
class AnomalySelection:
    """What is asked for; None: no such condition.

    Attributes:
        first, last: UTC days, inclusive, that the latest day of an anomaly lies between. An anomaly
            without a day lies in no such range.
        anomaly_type: its type.
    """

    first: date | None
    last: date | None
    anomaly_type: AnomalyType | None

    @classmethod
    def parse(cls, first: str | None, last: str | None, anomaly_type: AnomalyType | None) -> Self:
        """Read a selection with ISO dates.

        Raises:
            MalformedDayError: if one is not an ISO date.
            ReversedRangeError: if the last lies before the first.
        """
        days = [None if text is None else read_day(text) for text in (first, last)]
        match days:
            case [date() as begin, date() as end] if end < begin:
                raise ReversedRangeError(begin, end)
        return cls(days[0], days[1], anomaly_type)

    def of(self, found: AnomaliesByTenant) -> dict[Tenant, list[StoredAnomaly]]:
        """Return those that are asked for, in their order."""
        return {tenant: [a for a in many if self._includes(a)] for tenant, many in found.items()}

    def _includes(self, anomaly: StoredAnomaly) -> bool:
        if self.anomaly_type is not None and anomaly.anomaly_type != self.anomaly_type:
            return False
        if self.first is None and self.last is None:
            return True
        day = anomaly.day
        return day is not None and (self.first or date.min) <= day <= (self.last or date.max)


def latest(found: AnomaliesByTenant, most: int) -> dict[Tenant, list[StoredAnomaly]]:
    """Return at most so many of all tenants together, those with the latest days."""
    everything = sorted(
        (a for many in found.values() for a in many),
        key=lambda a: (a.day or date.min, a.deviation_factor),
        reverse=True,
    )
    kept = {a.id for a in everything[:most]}
    return {tenant: [a for a in many if a.id in kept] for tenant, many in found.items()}
