"""What a plot of costs shows of a tenant. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Final

from loopctl_pipelines.costs.anomalies.anomaly import AnomalyType

OTHERS: Final = "other models"

Costs = Mapping[date, Decimal | int]
"""Millicents (1/1000 cent) by UTC day; a missing day has no cost."""


@dataclass(frozen=True, slots=True)
class BudgetLine:
    """A budget as a plot shows it.

    Attributes:
        name: what it is a budget of.
        used: the part that is used, 1 for all of it.
        used_up_on: the UTC day on which it is expected to be used up; None: not foreseen.
        daily_millicents: what each coming day is expected to cost, in 1/1000 cent.
    """

    name: str
    used: float
    used_up_on: date | None = None
    daily_millicents: int = 0


@dataclass(frozen=True, slots=True)
class TenantCosts:
    """One tenant's part of a plot.

    Attributes:
        name: title of the panel.
        costs: the cost of each day.
        anomalies: their number by anomaly type and UTC day.
        models: the cost of each day by model; a plot stacks them. Empty: they are not known.
        budget: the budget to show; only a plot of one tenant has room for it.
    """

    name: str
    costs: Costs
    anomalies: Mapping[tuple[str, date], int] = field(default_factory=dict)
    models: Mapping[str, Costs] = field(default_factory=dict)
    budget: BudgetLine | None = None

    def total(self, days: Iterable[date]) -> Decimal:
        """Return the total cost of these days, in millicents."""
        return total_of(self.costs, days)

    def stack(self, shown: Sequence[str], days: Sequence[date]) -> list[tuple[str, Costs]]:
        """Return the cost of each day in parts: these models, and the others together."""
        parts = [(name, self.models.get(name, {})) for name in shown]
        others = {
            day: Decimal(self.costs.get(day, 0))
            - sum((Decimal(costs.get(day, 0)) for _, costs in parts), Decimal(0))
            for day in days
        }
        return [*parts, (OTHERS, others)]


def total_of(costs: Costs, days: Iterable[date]) -> Decimal:
    """Return the total of these days, in millicents."""
    return sum((Decimal(costs.get(day, 0)) for day in days), Decimal(0))


def costliest_models(tenants: Iterable[TenantCosts], days: Sequence[date], most: int) -> list[str]:
    """Return the models that cost most on these days, all tenants together."""
    totals: Counter[str] = Counter()
    for tenant in tenants:
        for name, costs in tenant.models.items():
            # as whole millicents
            totals[name] += int(total_of(costs, days))
    ordered = sorted(totals.items(), key=lambda item: (-item[1], item[0]))
    return [name for name, cost in ordered if cost][:most]


def together(name: str, tenants: Sequence[TenantCosts], days: Sequence[date]) -> TenantCosts:
    """Return these tenants as one, without a budget."""
    models = {model for tenant in tenants for model in tenant.models}
    return TenantCosts(
        name,
        {day: sum(Decimal(tenant.costs.get(day, 0)) for tenant in tenants) for day in days},
        {
            (kind, day): sum(tenant.anomalies.get((kind, day), 0) for tenant in tenants)
            for kind in AnomalyType
            for day in days
        },
        {
            model: {
                day: sum(Decimal(t.models.get(model, {}).get(day, 0)) for t in tenants)
                for day in days
            }
            for model in models
        },
    )
