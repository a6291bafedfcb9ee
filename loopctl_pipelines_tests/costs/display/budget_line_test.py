"""The budget that a plot of costs shows: the one of which the greatest part is used."""

from datetime import timedelta
from fractions import Fraction

from loopctl_pipelines.costs.display.budget_line import stored_budget_line
from loopctl_pipelines.costs.display.tenant_costs import BudgetLine
from loopctl_pipelines.database.connection import Database
from loopctl_pipelines_tests.costs.anomalies.deviations import DAY, spend
from loopctl_pipelines_tests.costs.budgets.stored_budgets import EPIC, PROJECT, add_budget
from loopctl_pipelines_tests.costs.runs import unit


def test_a_tenant_without_a_limit_on_its_cost_has_no_line(database: Database) -> None:
    spend(database, (600, 300))
    add_budget(database, "project", PROJECT, 0, input_tokens=100)
    assert stored_budget_line(database, unit("a", DAY)) is None


def test_the_most_used_budget_is_shown_with_its_forecast(database: Database) -> None:
    spend(database, (9_100, 4_900))  # in the last of 14 days: 1,000 a day
    add_budget(database, "project", PROJECT, 100_000)
    add_budget(database, "epic", EPIC, 28_000)
    assert stored_budget_line(database, unit("a", DAY)) == BudgetLine(
        name=f"epic {str(EPIC)[:8]}",
        used=float(Fraction(1, 2)),
        used_up_on=DAY + timedelta(days=14),
        daily_millicents=1_000,
    )
