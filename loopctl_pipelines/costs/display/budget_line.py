"""Reads the budget that a plot of costs shows."""

from fractions import Fraction

from loopctl_pipelines.costs.budgets.budget import Budget
from loopctl_pipelines.costs.budgets.checking import budget_use
from loopctl_pipelines.costs.budgets.forecast import TRAILING_DAYS
from loopctl_pipelines.costs.display.tenant_costs import BudgetLine
from loopctl_pipelines.costs.planning.tenant_days import TenantDays
from loopctl_pipelines.database.connection import Database


def stored_budget_line(database: Database, unit: TenantDays) -> BudgetLine | None:
    """Return the tenant's cost budget of which the greatest part is used; None: it has none.

    Args:
        database: loopctl's database.
        unit: the tenant; the forecast carries on the days that end with its last one.

    Raises:
        psycopg.Error: if the budgets cannot be read.
        DatabaseUnreachableError: if the database stays away.
    """
    with database.tenant_transaction(unit.tenant.id) as connection:
        budgets, _ = budget_use(connection, unit)
    limited = [(allowed, each) for each in budgets if (allowed := each.budget_millicents or 0) > 0]
    if not limited:
        return None
    allowed, budget = max(limited, key=lambda item: (_used(*item), item[1].id))
    return BudgetLine(
        name=f"{budget.scope_type} {str(budget.scope_id)[:8]}",
        used=float(_used(allowed, budget)),
        used_up_on=budget.used_up_on(unit.last),
        daily_millicents=max(budget.recent_millicents // TRAILING_DAYS, 0),
    )


def _used(allowed: int, budget: Budget) -> Fraction:
    return Fraction(budget.cost_millicents, allowed)
