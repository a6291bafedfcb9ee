"""Budgets of the tenant `a`, and checks of them."""

from typing import Any
from uuid import UUID, uuid4

from psycopg.rows import dict_row

from loopctl_pipelines.costs.budgets.checking import BudgetsChecked, check_budgets
from loopctl_pipelines.costs.errors import BudgetError
from loopctl_pipelines.costs.tenant_work.per_tenant import Landed, run_per_tenant
from loopctl_pipelines.database.connection import Database
from loopctl_pipelines_tests.costs.anomalies.deviations import DAY
from loopctl_pipelines_tests.costs.runs import unit
from loopctl_pipelines_tests.usage import LONG_AGO, id_of

PROJECT = id_of("a", "project")
EPIC = id_of("a", "epic", "e")


def add_budget(  # noqa: PLR0913 - a budget has many parts, and a test names those it is about
    database: Database,
    scope_type: str,
    scope_id: UUID,
    millicents: int = 0,
    *,
    input_tokens: int | None = None,
    output_tokens: int | None = None,
    threshold: int = 80,
    slug: str = "a",
) -> UUID:
    """Add a budget as loopctl does, and return its id."""
    budget = uuid4()
    with database.operator_transaction() as connection:
        connection.execute(
            "INSERT INTO token_budgets (id, tenant_id, scope_type, scope_id, budget_millicents,"
            " budget_input_tokens, budget_output_tokens, alert_threshold_pct, inserted_at,"
            " updated_at) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
            [
                budget,
                id_of(slug),
                scope_type,
                scope_id,
                millicents,
                input_tokens,
                output_tokens,
                threshold,
                LONG_AGO,
                LONG_AGO,
            ],
        )
    return budget


def checked(database: Database) -> BudgetsChecked:
    """Check the tenant's budgets, with the landing of a day."""
    (ended,) = run_per_tenant(database, [unit("a", DAY)], check_budgets, BudgetError)
    assert isinstance(ended, Landed), ended.error
    (day,) = ended.days
    return day


def flags(database: Database) -> dict[UUID, tuple[bool, bool]]:
    """Return the flags of each budget: warned, exceeded."""
    with database.operator_transaction() as connection:
        rows: list[dict[str, Any]] = (
            connection.cursor(row_factory=dict_row)
            .execute("SELECT * FROM token_budgets")
            .fetchall()
        )
    return {row["id"]: (row["warning_fired"], row["exceeded_fired"]) for row in rows}
