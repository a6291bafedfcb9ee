"""Recomputed, never incremented; what is right already is not touched, and nobody else's row is."""

from datetime import date, datetime
from typing import Any

import pytest
from psycopg.rows import dict_row

from loopctl_pipelines.database.connection import Database
from loopctl_pipelines_tests.costs.runs import (
    detect_all,
    physical_rows,
    roll_up_all,
    stored_summaries,
    unit,
)
from loopctl_pipelines_tests.usage import LONG_AGO, Usage, id_of

DAY = date(2026, 4, 2)
NEXT = date(2026, 4, 3)


@pytest.fixture
def usage(database: Database) -> Usage:
    """Give tenants `a` and `b`, two epics each, both rolled up for the day."""
    usage = Usage()
    for slug in ("a", "b"):
        usage.report(slug, DAY, 1000, epic="e", agent="x")
        usage.report(slug, DAY, 2000, epic="f", agent="y")
    usage.write(database)
    roll_up_all(database, [unit("a", DAY), unit("b", DAY)])
    return usage


def _write(database: Database, query: str, *values: object) -> None:
    with database.operator_transaction() as connection:
        connection.execute(query.encode(), values)


def _delete(database: Database, slug: str, agent: str) -> None:
    """Delete the agent's reports as loopctl does, which marks their summaries in the same step."""
    with database.tenant_transaction(id_of(slug)) as connection:
        connection.execute(
            "UPDATE token_usage_reports SET deleted_at = now() WHERE agent_id = %s",
            [id_of(slug, "agent", agent)],
        )
        connection.execute("UPDATE cost_summaries SET stale = true")


def _rows(database: Database, slug: str) -> dict[tuple[str, object], dict[str, Any]]:
    with database.tenant_transaction(id_of(slug)) as connection:
        rows = (
            connection.cursor(row_factory=dict_row)
            .execute("SELECT *, xmin::text FROM cost_summaries")
            .fetchall()
        )
    return {(row["scope_type"], row["scope_id"]): row for row in rows}


@pytest.mark.usefixtures("usage")
def test_a_second_run_leaves_every_row_physically_as_it_is(database: Database) -> None:
    before = physical_rows(database)
    (day,) = roll_up_all(database, [unit("a", DAY)])
    assert (day.written, day.unchanged, day.deleted) == (0, 5, 0)
    assert physical_rows(database) == before


def test_only_rows_whose_figures_changed_are_written(database: Database, usage: Usage) -> None:
    usage.report("a", DAY, 500, epic="e", agent="x")
    usage.write(database)
    before = _rows(database, "a")
    (day,) = roll_up_all(database, [unit("a", DAY)])
    assert (day.written, day.unchanged, day.deleted) == (3, 2, 0)
    after = _rows(database, "a")
    changed = {key for key in after if after[key]["xmin"] != before[key]["xmin"]}
    assert changed == {
        ("agent", id_of("a", "agent", "x")),
        ("epic", id_of("a", "epic", "e")),
        ("project", id_of("a", "project")),
    }


def test_a_rewritten_row_keeps_its_id_and_the_time_it_was_inserted(
    database: Database, usage: Usage
) -> None:
    _write(database, "UPDATE cost_summaries SET inserted_at = %s, updated_at = %s", *[LONG_AGO] * 2)
    before = _rows(database, "a")
    usage.report("a", DAY, 500, epic="e", agent="x")
    usage.report("a", DAY, 500, epic="f", agent="y")
    usage.write(database)
    roll_up_all(database, [unit("a", DAY)])
    for key, row in _rows(database, "a").items():
        assert row["id"] == before[key]["id"]
        assert row["inserted_at"] == LONG_AGO < row["updated_at"]
        assert row["total_cost_millicents"] > before[key]["total_cost_millicents"]


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE cost_summaries SET period_end = period_start + 5",
        "UPDATE cost_summaries SET total_input_tokens = total_input_tokens + 1",
        "UPDATE cost_summaries SET total_output_tokens = NULL",
        "UPDATE cost_summaries SET total_cost_millicents = 0",
        "UPDATE cost_summaries SET report_count = NULL",
        "UPDATE cost_summaries SET model_breakdown = '{}'",
        "UPDATE cost_summaries SET model_breakdown = NULL",
        "UPDATE cost_summaries SET avg_cost_per_story_millicents = 7",
        "UPDATE cost_summaries SET stale = true",
    ],
)
def test_whatever_a_row_was_made_into_is_put_right(
    database: Database, usage: Usage, damage: str
) -> None:
    assert usage.reports
    right = stored_summaries(database)
    _write(database, damage)
    assert stored_summaries(database) != right
    roll_up_all(database, [unit("a", DAY), unit("b", DAY)])
    assert stored_summaries(database) == right


@pytest.mark.usefixtures("usage")
def test_scopes_that_lost_all_their_reports_are_deleted(database: Database) -> None:
    _delete(database, "a", "y")
    (day,) = roll_up_all(database, [unit("a", DAY)])
    assert (day.written, day.deleted, day.reports, day.cost_millicents) == (1, 2, 1, 1000)
    after = _rows(database, "a")
    assert set(after) == {
        ("agent", id_of("a", "agent", "x")),
        ("epic", id_of("a", "epic", "e")),
        ("project", id_of("a", "project")),
    }
    assert not any(row["stale"] for row in after.values())


@pytest.mark.usefixtures("usage")
def test_a_day_that_lost_all_its_reports_has_no_row_left(database: Database) -> None:
    for agent in ("x", "y"):
        _delete(database, "a", agent)
    (day,) = roll_up_all(database, [unit("a", DAY)])
    assert (day.written, day.unchanged, day.deleted, day.reports) == (0, 0, 5, 0)
    assert _rows(database, "a") == {}


@pytest.mark.usefixtures("usage")
def test_a_story_that_moved_takes_its_cost_to_the_other_epic(database: Database) -> None:
    _write(
        database,
        "UPDATE stories SET epic_id = %s WHERE tenant_id = %s",
        id_of("a", "epic", "f"),
        id_of("a"),
    )
    roll_up_all(database, [unit("a", DAY)])
    epics = {key: row for key, row in _rows(database, "a").items() if key[0] == "epic"}
    assert set(epics) == {("epic", id_of("a", "epic", "f"))}
    (epic,) = epics.values()
    assert (epic["total_cost_millicents"], epic["avg_cost_per_story_millicents"]) == (3000, 1500)


def test_another_tenants_rows_are_never_touched(database: Database, usage: Usage) -> None:
    usage.report("b", DAY, 7)
    usage.write(database)
    _delete(database, "b", "y")
    before = _rows(database, "b")
    _delete(database, "a", "y")
    roll_up_all(database, [unit("a", DAY)])
    detect_all(database, [unit("a", DAY)])
    assert _rows(database, "b") == before


def test_the_days_beside_are_never_touched(database: Database, usage: Usage) -> None:
    usage.report("a", NEXT, 7)
    usage.write(database)
    roll_up_all(database, [unit("a", NEXT)])
    _write(database, "UPDATE cost_summaries SET stale = true")
    before = physical_rows(database)
    roll_up_all(database, [unit("a", date(2026, 4, 1)), unit("a", date(2026, 4, 4))])
    assert physical_rows(database) == before


def test_midnight_belongs_to_the_day_that_begins(database: Database, usage: Usage) -> None:
    usage.report("a", datetime(2026, 4, 2, 23, 59, 59, 999999), 10, agent="z")  # noqa: DTZ001 - loopctl's have no zone
    usage.report("a", datetime(2026, 4, 3), 200, agent="z")  # noqa: DTZ001 - loopctl's have no zone
    usage.write(database)
    roll_up_all(database, [unit("a", DAY, NEXT)])
    agent = id_of("a", "agent", "z")
    stored = stored_summaries(database)
    assert stored[id_of("a"), "agent", agent, DAY].cost_millicents == 10
    assert stored[id_of("a"), "agent", agent, NEXT].cost_millicents == 200
