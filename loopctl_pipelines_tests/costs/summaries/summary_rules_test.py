"""Single rules of a summary, each on the smallest usage that shows it."""

from datetime import date

import pytest

from loopctl_pipelines.database.connection import Database
from loopctl_pipelines_tests.costs.runs import roll_up_all, stored_summaries, unit
from loopctl_pipelines_tests.costs.summaries.oracle import Summary
from loopctl_pipelines_tests.usage import Usage, id_of

DAY = date(2026, 4, 2)


@pytest.fixture
def usage() -> Usage:
    return Usage()


def _project(database: Database, usage: Usage) -> Summary:
    """Roll the day up and return the row of the tenant's project."""
    usage.write(database)
    roll_up_all(database, [unit("a", DAY)])
    return stored_summaries(database)[id_of("a"), "project", id_of("a", "project"), DAY]


@pytest.mark.parametrize(
    ("costs", "average"), [((5000, 5001), 5000), ((-2, -3), -2), ((-1, 0), 0), ((7,), 7)]
)
def test_the_average_per_story_is_cut_toward_zero(
    database: Database, usage: Usage, costs: tuple[int, ...], average: int
) -> None:
    for n, cost in enumerate(costs):
        usage.report("a", DAY, cost, story=f"s{n}")
    assert _project(database, usage).average == average


def test_a_story_with_several_reports_counts_once(database: Database, usage: Usage) -> None:
    for story in ("s", "s", "s", "t"):
        usage.report("a", DAY, 100, story=story)
    row = _project(database, usage)
    assert (row.reports, row.average) == (4, 200)


def test_an_agent_has_no_average(database: Database, usage: Usage) -> None:
    usage.report("a", DAY, 100)
    _project(database, usage)
    assert stored_summaries(database)[id_of("a"), "agent", id_of("a", "agent", "a"), DAY] == (
        Summary(
            DAY,
            100,
            10,
            100,
            1,
            {
                "claude-opus-4-5": {
                    "implementing": {
                        "input_tokens": 100,
                        "output_tokens": 10,
                        "cost_millicents": 100,
                    }
                }
            },
        )
    )


@pytest.mark.parametrize("deleted", [False, True])
def test_a_correction_counts_unless_its_original_is_deleted(
    database: Database, usage: Usage, *, deleted: bool
) -> None:
    original = usage.report("a", DAY, 1000, deleted=deleted)
    usage.report("a", DAY, -400, corrects=original)
    usage.report("a", DAY, 5)
    assert _project(database, usage).cost_millicents == (5 if deleted else 605)


def test_totals_beyond_int4_are_exact(database: Database, usage: Usage) -> None:
    for _ in range(3):
        usage.report("a", DAY, 2**60 + 1, tokens=(2**59 + 1, 2**58 + 1))
    row = _project(database, usage)
    assert (row.cost_millicents, row.average) == (3 * 2**60 + 3, 3 * 2**60 + 3)
    assert (row.input_tokens, row.output_tokens) == (3 * 2**59 + 3, 3 * 2**58 + 3)
    assert row.breakdown["claude-opus-4-5"]["implementing"]["cost_millicents"] == 3 * 2**60 + 3


@pytest.mark.parametrize(
    "name", ['"', '":{}}', "\\", "\\u0000", "\n", "%s %(first)s", "'; --", "🦉" * 255, "m" * 255]
)
def test_a_models_name_is_kept_whatever_it_is(database: Database, usage: Usage, name: str) -> None:
    usage.report("a", DAY, 1, model=name)
    usage.report("a", DAY, 2, model="other")
    assert set(_project(database, usage).breakdown) == {name, "other"}


def test_a_story_of_another_tenant_belongs_to_none_of_this_ones_epics(
    database: Database, usage: Usage
) -> None:
    usage.report("a", DAY, 100)
    usage.report("b", DAY, 30)
    usage.write(database)
    with database.operator_transaction() as connection:
        connection.execute(
            "UPDATE token_usage_reports SET story_id = %s WHERE tenant_id = %s",
            [id_of("a", "story", "e", "s"), id_of("b")],
        )
    roll_up_all(database, [unit("a", DAY), unit("b", DAY)])
    stored = {key[:2]: row.cost_millicents for key, row in stored_summaries(database).items()}
    assert stored == {
        (id_of("a"), "agent"): 100,
        (id_of("a"), "epic"): 100,
        (id_of("a"), "project"): 100,
        (id_of("b"), "agent"): 30,
        (id_of("b"), "project"): 30,
    }
