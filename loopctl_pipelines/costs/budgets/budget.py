"""Budgets, and what is spent of them. Pure.

A limit of 0 or null is no limit, as in loopctl. Reaching a limit exactly is exceeding it, as there.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from fractions import Fraction
from typing import Final
from uuid import UUID

from loopctl_pipelines.costs.budgets.forecast import used_up_on

_WHOLE: Final = 100
_CENT: Final = Decimal("0.01")


class Limit(StrEnum):
    """What a budget limits."""

    COST = "cost_millicents"
    INPUT = "input_tokens"
    OUTPUT = "output_tokens"


@dataclass(frozen=True, slots=True)
class Use:
    """How much of one limit is used: millicents or tokens.

    Attributes:
        limit: what is limited.
        used: what is spent; negative where corrections are greater than what they correct.
        allowed: the limit, above 0.
    """

    limit: Limit
    used: int
    allowed: int

    @property
    def percent(self) -> int:
        """The used part in percent, rounded down; 0 at least."""
        return max(self.used * _WHOLE // self.allowed, 0)

    @property
    def is_exceeded(self) -> bool:
        """Nothing is left."""
        return self.used >= self.allowed

    @property
    def factor(self) -> Decimal:
        """Used over allowed, rounded half up to two places."""
        return (Decimal(self.used) / Decimal(self.allowed)).quantize(_CENT, ROUND_HALF_UP)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limited:
    """Limits, and what is spent of them. Costs in millicents."""

    scope_type: str
    budget_millicents: int | None
    budget_input_tokens: int | None
    budget_output_tokens: int | None
    cost_millicents: int
    input_tokens: int
    output_tokens: int

    @property
    def use(self) -> Use | None:
        """The limit of which the greatest part is used; None if there is no limit."""
        return max(self._uses(), key=lambda each: Fraction(each.used, each.allowed), default=None)

    def _uses(self) -> Iterator[Use]:
        for limit, used, allowed in (
            (Limit.COST, self.cost_millicents, self.budget_millicents),
            (Limit.INPUT, self.input_tokens, self.budget_input_tokens),
            (Limit.OUTPUT, self.output_tokens, self.budget_output_tokens),
        ):
            if allowed is not None and allowed > 0:
                yield Use(limit, used, allowed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget(Limited):
    """A budget of a project, an epic or a story, with what the scope has spent so far.

    Attributes:
        id: of the budget.
        scope_id: the project, epic or story.
        project_id: the project in which the scope has reports; None if it has none.
        alert_threshold_pct: from this percentage on, the budget is worth a warning.
        warning_fired: the warning was given, by loopctl or here.
        exceeded_fired: that it is exceeded was reported, by loopctl or here.
        recent_millicents: what the scope has cost in the trailing days of the forecast.
    """

    id: UUID
    scope_id: UUID
    project_id: UUID | None
    alert_threshold_pct: int
    warning_fired: bool
    exceeded_fired: bool
    recent_millicents: int

    def used_up_on(self, last: date) -> date | None:
        """Return the UTC day on which the cost limit is used up; None: not foreseen, or no limit.

        Args:
            last: the last of the trailing days; returned if it is used up already.
        """
        if self.budget_millicents is None or self.budget_millicents <= 0:
            return None
        return used_up_on(
            used=self.cost_millicents,
            allowed=self.budget_millicents,
            recent=self.recent_millicents,
            last=last,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryOverBudget(Limited):
    """A story over its effective budget: its own, else its epic's, its project's, the tenant's.

    Attributes:
        story_id: the story.
        epic_id: its epic.
        budget_id: the budget; None for the tenant's default.
        day: the latest UTC day on which it has a report.
    """

    story_id: UUID
    epic_id: UUID
    budget_id: UUID | None
    day: date


@dataclass(frozen=True, slots=True)
class Crossing:
    """A threshold that a budget has reached, which nobody has reported yet.

    Attributes:
        budget: the budget.
        use: the limit of which the greatest part is used.
        threshold: `warning` or `exceeded`.
    """

    budget: Budget
    use: Use
    threshold: str


def crossings(budget: Budget) -> list[Crossing]:
    """Return the thresholds that the budget has reached and whose flags are not set.

    One that is exceeded at once crosses both, as in loopctl.
    """
    use = budget.use
    if use is None or use.used <= 0:
        return []
    found = []
    if use.percent >= budget.alert_threshold_pct and not budget.warning_fired:
        found.append(Crossing(budget, use, "warning"))
    if use.is_exceeded and not budget.exceeded_fired:
        found.append(Crossing(budget, use, "exceeded"))
    return found
