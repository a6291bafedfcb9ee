"""The metadata of a tenant's budgets, for the Dagster UI."""

from collections.abc import Mapping
from datetime import date
from fractions import Fraction
from typing import Final

from dagster import MetadataValue, TableColumn, TableRecord, TableSchema

from loopctl_pipelines.costs.budgets.budget import Budget, Limit, Use
from loopctl_pipelines.costs.budgets.checking import BudgetsChecked
from loopctl_pipelines.costs.display.money import dollars

_SHOWN: Final = 20
_COLUMNS: Final = TableSchema(
    columns=[
        TableColumn("scope", "string", "project, epic or story"),
        TableColumn("used_percent", "int", "of the limit that is used most, rounded down"),
        TableColumn("used", "string"),
        TableColumn("limit", "string"),
        TableColumn("used_up_on", "string", "if the coming days cost what the trailing days did"),
    ]
)


def budgets_metadata(checked: BudgetsChecked) -> Mapping[str, MetadataValue]:
    """Describe the tenant's budgets: how many, what was reported, and those that are used most."""
    used = sorted(
        ((budget, use) for budget in checked.budgets if (use := budget.use) is not None),
        key=lambda item: (-Fraction(item[1].used, item[1].allowed), item[0].id),
    )
    return {
        "budgets": MetadataValue.int(len(checked.budgets)),
        "budgets exceeded": MetadataValue.int(sum(use.is_exceeded for _, use in used)),
        "budget thresholds reported": MetadataValue.int(len(checked.reported)),
        "stories over budget": MetadataValue.int(checked.stories_over),
        "budget anomalies opened": MetadataValue.int(checked.anomalies["opened"]),
        "budget use": MetadataValue.table(
            [_row(budget, use, checked.day) for budget, use in used[:_SHOWN]], _COLUMNS
        ),
    }


def _row(budget: Budget, use: Use, last: date) -> TableRecord:
    return TableRecord(
        {
            "scope": f"{budget.scope_type} {budget.scope_id}",
            "used_percent": use.percent,
            "used": _amount(use.limit, use.used),
            "limit": _amount(use.limit, use.allowed),
            "used_up_on": _used_up_on(budget, last),
        }
    )


def _amount(limit: Limit, amount: int) -> str:
    if limit == Limit.COST:
        return f"${dollars(amount):,.2f}"
    return f"{amount:,} {limit.value.replace('_', ' ')}"


def _used_up_on(budget: Budget, last: date) -> str:
    day = budget.used_up_on(last)
    return "" if day is None else "used up" if day == last else day.isoformat()
