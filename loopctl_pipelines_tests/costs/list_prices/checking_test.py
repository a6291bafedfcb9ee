"""The check of list prices over the stored summaries, and as Dagster shows it."""

from datetime import date

import pytest
from dagster import (
    AssetCheckEvaluation,
    AssetCheckSeverity,
    DagsterEventType,
    DagsterInstance,
    TableMetadataValue,
)

from loopctl_pipelines.costs.list_prices.checking import ListPriceCheck, check_list_prices
from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.setting_reader import StartDate
from loopctl_pipelines.settings import Settings
from loopctl_pipelines_tests.costs.interleaved import statements_of
from loopctl_pipelines_tests.costs.runs import roll_up_all, unit
from loopctl_pipelines_tests.dagster_project import SUMMARIES, dagster_project
from loopctl_pipelines_tests.usage import Usage, id_of

DAY, NEXT = date(2026, 4, 1), date(2026, 4, 2)
UNIT = unit("a", DAY, NEXT)
OPUS, OWN = "claude-opus-4-5", "our-own"


@pytest.fixture
def usage() -> Usage:
    """One tenant: a right cost, three odd ones and an unknown model on one day; a right one."""
    usage = Usage()
    usage.report("a", DAY, 600, agent="right", model=OPUS, tokens=(1_000, 100))
    usage.report("a", DAY, 900, agent="dear", model=OPUS, tokens=(500, 50))
    usage.report("a", DAY, 900, agent="dear", model=OPUS, tokens=(500, 50), phase="planning")
    usage.report("a", DAY, 200, agent="odd", model="gpt-4o", tokens=(0, 0))
    usage.report("a", DAY, 0, agent="odd", model="gpt-5", tokens=(10_000, 1_000))
    usage.report("a", DAY, 2_600, agent="right", model=OWN, tokens=(10, 10))
    usage.report("a", NEXT, 600, agent="right", model=OPUS, tokens=(1_000, 100))
    return usage


def _checked(database: Database, **aliases: str) -> list[ListPriceCheck]:
    with database.tenant_transaction(id_of("a")) as connection:
        return check_list_prices(connection, UNIT, aliases=aliases)


def test_each_agent_s_use_of_each_model_is_judged(database: Database, usage: Usage) -> None:
    usage.write(database)
    roll_up_all(database, [UNIT])
    day, following = _checked(database)
    assert [(str(each.oddity), each.use.model) for each in day.odd] == [
        ("above_list_price", OPUS),
        ("cost_without_tokens", "gpt-4o"),
        ("tokens_without_cost", "gpt-5"),
    ]
    assert day.odd[0].use.agent_id == id_of("a", "agent", "dear")
    assert [each.use.model for each in day.unknown] == [OWN]
    assert (day.cost, day.priced_cost) == (5_200, 2_600)
    assert (following.odd, following.unknown) == ([], [])
    assert (following.cost, following.priced_cost) == (600, 600)


def test_an_alias_makes_an_unknown_model_known(database: Database, usage: Usage) -> None:
    usage.write(database)
    roll_up_all(database, [UNIT])
    day, _ = _checked(database, **{OWN: OPUS})
    assert (day.unknown, day.priced_cost) == ([], 5_200)
    assert day.odd[0].use.model == OWN


def test_a_day_without_summaries_and_a_breakdown_of_any_shape_are_no_error(
    database: Database, usage: Usage
) -> None:
    assert [day.cost for day in _checked(database)] == [0, 0]
    usage.write(database)
    roll_up_all(database, [UNIT])
    for shape in ("[]", "null", '{"m": 1}', '{"m": {"p": {"cost_millicents": "x"}}}'):
        with database.operator_transaction() as connection:
            connection.execute("UPDATE cost_summaries SET model_breakdown = %s", [shape])
        assert [day.cost for day in _checked(database)] == [0, 0]


def test_the_check_is_one_statement_for_a_tenant_and_a_range_of_days(database: Database) -> None:
    said = statements_of(
        database, id_of("a"), lambda connection: check_list_prices(connection, UNIT, aliases={})
    )
    assert said == 1


def test_in_a_run_it_warns_about_the_partition_and_does_not_fail_the_run(
    database: Database, instance: DagsterInstance, usage: Usage
) -> None:
    usage.write(database)
    settings = Settings(start_date=StartDate(DAY))
    project = dagster_project(database, instance, settings)
    ended = project.run((DAY, NEXT), ("a", "a"))
    assert ended.success
    kind = DagsterEventType.ASSET_CHECK_EVALUATION
    events = [e.get_dagster_event() for e in instance.all_logs(ended.run_id, of_type=kind)]
    found: dict[str, AssetCheckEvaluation] = {
        str(event.asset_check_evaluation_data.partition): event.asset_check_evaluation_data
        for event in events
        if event.asset_check_evaluation_data.check_name == "costs_match_list_prices"
    }
    odd, fine = found[f"{DAY}|a"], found[f"{NEXT}|a"]
    assert (odd.passed, fine.passed) == (False, True)
    assert odd.severity is AssetCheckSeverity.WARN
    assert odd.asset_key == SUMMARIES
    assert str(odd.description) == (
        "3 sums of an agent and a model do not fit the list prices, first: above_list_price of "
        f"model claude-opus-4-5 by agent {id_of('a', 'agent', 'dear')}: 1,000 input and 100 output "
        "tokens for $0.01800, at most $0.01252."
    )
    assert odd.metadata["cost with a list price (percent)"].value == "50"
    table = odd.metadata["compared with list prices"]
    assert isinstance(table, TableMetadataValue)
    assert [row.data["finding"] for row in table.records][-1] == "unknown_model"
    assert odd.target_materialization_data is not None
    levels = [int(event.level) for event in instance.all_logs(ended.run_id)]
    assert [level for level in levels if level >= 30] == [30]
