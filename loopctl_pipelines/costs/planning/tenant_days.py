"""Units of work: one tenant and a range of days. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from loopctl_pipelines.costs.planning.rectangles import adjacent_days
from loopctl_pipelines.tenants.tenant import Tenant

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class TenantDays:
    """One tenant and the UTC days from `first` to `last`, both inclusive."""

    tenant: Tenant
    first: date
    last: date

    @property
    def end(self) -> date:
        """The day after the last, for half-open intervals of timestamps."""
        return self.last + _DAY

    def days(self) -> Iterator[date]:
        """Yield every day of the range."""
        for offset in range((self.end - self.first).days):
            yield self.first + offset * _DAY

    def since(self, day: date | None) -> "TenantDays | None":
        """Return the part of the range from `day` on, or the whole range if `day` is None."""
        if day is None or day <= self.first:
            return self
        return None if day > self.last else TenantDays(self.tenant, day, self.last)

    def halves(self) -> tuple["TenantDays", ...]:
        """Split the range in two, to find a bad day; a single day is not split."""
        if self.first == self.last:
            return ()
        middle = self.first + (self.last - self.first) // 2
        return (
            TenantDays(self.tenant, self.first, middle),
            TenantDays(self.tenant, middle + _DAY, self.last),
        )


def tenant_days(
    partitions: Iterable[tuple[date, str]], tenants: Mapping[str, Tenant]
) -> list[TenantDays]:
    """Join (day, tenant slug) partitions into one unit per run of adjacent days.

    Raises:
        KeyError: if a slug is not among `tenants`.
    """
    days_of: defaultdict[str, set[date]] = defaultdict(set)
    for day, slug in partitions:
        days_of[slug].add(day)
    return [
        TenantDays(tenants[slug], first, last)
        for slug, days in days_of.items()
        for first, last in adjacent_days(days)
    ]
