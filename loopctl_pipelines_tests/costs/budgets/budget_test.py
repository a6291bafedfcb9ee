"""What is used of a budget, and which thresholds that reaches."""

from dataclasses import replace

import pytest

from loopctl_pipelines.costs.budgets.budget import Budget, Limit, crossings
from loopctl_pipelines_tests.usage import id_of

BUDGET = Budget(
    id=id_of("budget"),
    scope_type="project",
    scope_id=id_of("a", "project"),
    project_id=id_of("a", "project"),
    budget_millicents=1000,
    budget_input_tokens=None,
    budget_output_tokens=None,
    alert_threshold_pct=80,
    warning_fired=False,
    exceeded_fired=False,
    cost_millicents=0,
    input_tokens=0,
    output_tokens=0,
    recent_millicents=0,
)
BOTH = ["warning", "exceeded"]


@pytest.mark.parametrize(
    ("spent", "percent", "reached"),
    [
        (-1, 0, []),
        (0, 0, []),
        (799, 79, []),
        (800, 80, ["warning"]),
        (999, 99, ["warning"]),
        (1000, 100, BOTH),
        (10**20, 10**19, BOTH),
    ],
)
def test_a_percentage_is_rounded_down_and_reaching_a_threshold_is_crossing_it(
    spent: int, percent: int, reached: list[str]
) -> None:
    budget = replace(BUDGET, cost_millicents=spent)
    assert budget.use is not None
    assert budget.use.percent == percent
    assert [crossing.threshold for crossing in crossings(budget)] == reached


@pytest.mark.parametrize("reported", [["warning"], ["exceeded"], BOTH])
def test_a_threshold_whose_flag_is_set_is_not_crossed_again(reported: list[str]) -> None:
    budget = replace(
        BUDGET,
        cost_millicents=1000,
        warning_fired="warning" in reported,
        exceeded_fired="exceeded" in reported,
    )
    found = [crossing.threshold for crossing in crossings(budget)]
    assert sorted(found + reported) == sorted(BOTH)


def test_a_limit_of_0_or_null_limits_nothing() -> None:
    for nothing in (0, None):
        budget = replace(
            BUDGET, budget_millicents=0, budget_input_tokens=nothing, cost_millicents=5
        )
        assert budget.use is None
        assert crossings(budget) == []


def test_of_several_limits_the_one_that_is_used_most_counts() -> None:
    budget = replace(
        BUDGET,
        budget_input_tokens=100,
        budget_output_tokens=10,
        cost_millicents=500,
        input_tokens=80,
        output_tokens=7,
    )
    (crossing,) = crossings(budget)
    assert (crossing.use.limit, crossing.use.percent) == (Limit.INPUT, 80)


def test_a_threshold_of_0_percent_is_reached_by_the_first_cost() -> None:
    budget = replace(BUDGET, alert_threshold_pct=0)
    assert crossings(budget) == []
    assert len(crossings(replace(budget, cost_millicents=1))) == 1
