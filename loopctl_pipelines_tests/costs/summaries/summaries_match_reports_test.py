"""What is stored and what the reports say: every difference is found, and nothing else."""

from dataclasses import asdict
from datetime import date

import pytest
from hypothesis import given

from loopctl_pipelines.costs.errors import CheckError
from loopctl_pipelines.costs.planning.tenant_days import TenantDays
from loopctl_pipelines.costs.summaries.summaries_match_reports import SummaryCheck, check_summaries
from loopctl_pipelines.costs.tenant_work.per_tenant import Landed, run_per_tenant
from loopctl_pipelines.database.connection import Database
from loopctl_pipelines_tests.costs.edited_usage import Edit, apply, edits, start_anew, units
from loopctl_pipelines_tests.costs.generated_usage import DAYS, Drawn, drawn_reports, usage_of
from loopctl_pipelines_tests.costs.runs import physical_rows, roll_up_all, stored_summaries, unit
from loopctl_pipelines_tests.costs.summaries import oracle
from loopctl_pipelines_tests.costs.summaries.oracle_test import in_one_database
from loopctl_pipelines_tests.usage import Usage, id_of

DAY = date(2026, 4, 2)
NEXT = date(2026, 4, 3)
NONSENSE = """
UPDATE cost_summaries
SET model_breakdown = '{"m-x": {"other": {"cost_millicents": "1"}}, "m-y": 3}'
"""
FRACTIONS = """
UPDATE cost_summaries
SET model_breakdown = replace(
    replace(model_breakdown::text, '"cost_millicents": ', '"cost_millicents": 0.5'),
    '"input_tokens": ', '"input_tokens": 123456789012345678901234567890'
)::jsonb
"""
MANY = """
INSERT INTO token_usage_reports (
    id, tenant_id, story_id, agent_id, project_id, input_tokens, output_tokens, model_name,
    cost_millicents, phase, inserted_at, updated_at
)
SELECT gen_random_uuid(), tenant_id, story_id, agent_id, project_id, n, n %% 7,
    'model ' || n %% 11, n %% 1000, 'other', inserted_at + n * interval '1 ms', updated_at
FROM token_usage_reports CROSS JOIN generate_series(1, 25000) AS n
WHERE tenant_id = %s
"""


def _reconciled(database: Database, asked: list[TenantDays]) -> list[SummaryCheck]:
    ended = list(run_per_tenant(database, asked, check_summaries, CheckError))
    landed = [end for end in ended if isinstance(end, Landed)]
    assert len(landed) == len(ended)
    return [day for end in landed for day in end.days]


def _of_day(database: Database) -> SummaryCheck:
    (day,) = _reconciled(database, [unit("a", DAY)])
    return day


def _change(database: Database, query: str, *values: object) -> int:
    with database.tenant_transaction(id_of("a")) as connection:
        return connection.execute(query.encode(), values).rowcount


@pytest.fixture
def usage(database: Database) -> Usage:
    """Give a tenant two agents, epics and models on a day, rolled up."""
    usage = Usage()
    for name in ("x", "y"):
        for n in range(3):
            usage.report("a", DAY, 100 + n, agent=name, epic=name, story=f"s{n}", model=f"m-{name}")
    usage.write(database)
    roll_up_all(database, [unit("a", DAY)])
    return usage


@in_one_database
@given(reports=drawn_reports, changes=edits)
def test_the_days_that_differ_are_those_whose_summaries_a_loop_would_make_otherwise(
    database: Database, reports: list[Drawn], changes: list[Edit]
) -> None:
    usage = usage_of(reports)
    start_anew(database, usage)
    roll_up_all(database, units())
    before = stored_summaries(database)
    assert [day.differences for day in _reconciled(database, units())] == [0] * 9
    apply(database, usage, changes)
    now = oracle.summaries(usage.reports, usage.epic_of(), DAYS)
    differing = [
        key[0:1] + key[3:]
        for key in before.keys() | now.keys()
        if key not in before or key not in now or asdict(before[key]) != asdict(now[key])
    ]
    for each in units():
        found = {day.day for day in _reconciled(database, [each]) if day.differences}
        assert found == {day for tenant, day in differing if tenant == each.tenant.id}


@pytest.mark.parametrize(
    ("change", "figure"),
    [
        pytest.param(
            "DELETE FROM token_usage_reports WHERE id = %s", "cost_millicents", id="dropped"
        ),
        pytest.param(
            "INSERT INTO token_usage_reports (id, tenant_id, story_id, agent_id, project_id,"
            " input_tokens, output_tokens, model_name, cost_millicents, inserted_at, updated_at)"
            " SELECT gen_random_uuid(), tenant_id, story_id, agent_id, project_id, input_tokens,"
            " output_tokens, model_name, cost_millicents, inserted_at, updated_at"
            " FROM token_usage_reports WHERE id = %s",
            "cost_millicents",
            id="doubled",
        ),
        pytest.param(
            "UPDATE token_usage_reports SET cost_millicents = cost_millicents + 1 WHERE id = %s",
            "cost_millicents",
            id="altered by a millicent",
        ),
        pytest.param(
            "UPDATE token_usage_reports SET output_tokens = output_tokens - 1 WHERE id = %s",
            "output_tokens",
            id="altered by a token",
        ),
    ],
)
def test_one_report_in_100_000_is_found_with_its_day_and_model(
    database: Database, change: str, figure: str
) -> None:
    usage = Usage()
    for n in range(4):
        usage.report("a", (DAY, NEXT)[n % 2], 1, story=f"s{n}", epic=f"e{n % 2}")
    usage.write(database)
    with database.operator_transaction() as connection:
        connection.execute(MANY.encode(), [id_of("a")])
        row = connection.execute(
            "SELECT id, model_name FROM token_usage_reports WHERE inserted_at::date = %s"
            " AND cost_millicents > 0 ORDER BY id LIMIT 1",
            [NEXT],
        ).fetchone()
    assert row
    roll_up_all(database, [unit("a", DAY, NEXT)])
    assert [d.differences for d in _reconciled(database, [unit("a", DAY, NEXT)])] == [0, 0]
    assert _change(database, change, row[0]) == 1
    good, bad = _reconciled(database, [unit("a", DAY, NEXT)])
    assert (good.differences, bad.day, bad.scopes) == (0, NEXT, 3)
    named = {(each.model, each.figure) for each in bad.first if each.model}
    assert (row[1], figure) in named
    assert {model for model, _ in named} == {row[1]}


@pytest.mark.usefixtures("usage")
@pytest.mark.parametrize(
    ("change", "figures"),
    [
        ("UPDATE cost_summaries SET report_count = -1", {"report_count"}),
        ("UPDATE cost_summaries SET report_count = NULL", {"report_count"}),
        ("UPDATE cost_summaries SET total_cost_millicents = 7", {"total_cost_millicents"}),
        ("UPDATE cost_summaries SET total_input_tokens = NULL", {"total_input_tokens"}),
        (
            "UPDATE cost_summaries SET avg_cost_per_story_millicents = 1 WHERE scope_type = 'epic'",
            {"avg_cost_per_story_millicents"},
        ),
        ("UPDATE cost_summaries SET period_end = period_end + 1", {"days in the period"}),
        (
            "UPDATE cost_summaries SET model_breakdown = '[]'",
            {"cost_millicents", "input_tokens", "output_tokens"},
        ),
        (
            NONSENSE,
            {"cost_millicents", "input_tokens", "output_tokens"},
        ),
        (FRACTIONS, {"cost_millicents", "input_tokens"}),
    ],
)
def test_whatever_a_summary_was_made_into_is_found(
    database: Database, change: str, figures: set[str]
) -> None:
    _change(database, change)
    day = _of_day(database)
    assert {each.figure for each in day.first} == figures


@pytest.mark.usefixtures("usage")
def test_a_summary_that_is_missing_and_one_that_has_no_reports_are_found(
    database: Database,
) -> None:
    _change(database, "DELETE FROM cost_summaries WHERE scope_type = 'project'")
    _change(
        database,
        "UPDATE cost_summaries SET scope_id = gen_random_uuid() WHERE scope_id = %s",
        id_of("a", "agent", "x"),
    )
    day = _of_day(database)
    assert day.scopes == 3
    sides = {(each.scope_type, each.stored is None, each.reports_say is None) for each in day.first}
    assert sides == {
        ("project", True, False),
        ("agent", True, False),
        ("agent", False, True),
    }


def test_a_report_that_is_moved_to_another_model_or_phase_is_found_though_totals_agree(
    database: Database, usage: Usage
) -> None:
    change = "UPDATE token_usage_reports SET model_name = 'm-y', phase = 'other' WHERE id = %s"
    _change(database, change, usage.reports[0].id)
    day = _of_day(database)
    assert day.scopes == 3
    assert {(each.model, each.phase) for each in day.first} == {
        ("m-x", "implementing"),
        ("m-y", "other"),
    }


def test_a_report_that_commits_late_is_found_though_nothing_is_marked(
    database: Database, usage: Usage
) -> None:
    usage.report("a", DAY, 5, agent="x", epic="x", story="s0", model="late")
    usage.write(database)
    day = _of_day(database)
    assert (day.stale, day.scopes) == (0, 3)
    assert day.first[0].model == "late"


def test_a_story_that_moved_is_found_though_nothing_is_marked(
    database: Database, usage: Usage
) -> None:
    assert usage.reports
    _change(
        database,
        "UPDATE stories SET epic_id = %s WHERE id = %s",
        id_of("a", "epic", "y"),
        id_of("a", "story", "x", "s0"),
    )
    assert {each.scope_type for each in _of_day(database).first} == {"epic"}


def test_what_is_marked_as_stale_is_counted_and_not_told(database: Database, usage: Usage) -> None:
    _change(
        database,
        "UPDATE token_usage_reports SET deleted_at = now() WHERE id = %s",
        usage.reports[0].id,
    )
    _change(database, "UPDATE cost_summaries SET stale = true WHERE model_breakdown ? 'm-x'")
    day = _of_day(database)
    assert (day.summaries, day.stale, day.differences) == (5, 3, 0)


def test_of_very_many_differences_all_are_counted_and_the_first_are_told(
    database: Database,
) -> None:
    usage = Usage()
    for n in range(60):
        usage.report("a", DAY, 1, agent=f"a{n}")
    usage.write(database)
    day = _of_day(database)
    assert (day.scopes, len(day.first)) == (62, 50)
    assert day.differences > 62


def test_the_comparison_writes_nothing(database: Database, usage: Usage) -> None:
    usage.report("a", DAY, 5)
    usage.write(database)
    before = physical_rows(database)
    assert _of_day(database).differences
    assert physical_rows(database) == before


def test_a_day_that_is_archived_is_not_compared(database: Database, usage: Usage) -> None:
    assert usage.reports
    with database.tenant_transaction(id_of("a")) as connection:
        connection.execute(
            "INSERT INTO loopctl_pipelines.archived_days VALUES (%s, %s, now())",
            [id_of("a"), NEXT],
        )
        connection.execute("DELETE FROM token_usage_reports")
    assert _of_day(database) == SummaryCheck(DAY, archived=True)


def test_of_a_range_that_is_partly_archived_the_rest_is_compared(
    database: Database, usage: Usage
) -> None:
    usage.report("a", NEXT, 5)
    usage.write(database)
    with database.tenant_transaction(id_of("a")) as connection:
        connection.execute(
            "INSERT INTO loopctl_pipelines.archived_days VALUES (%s, %s, now())",
            [id_of("a"), NEXT],
        )
        connection.execute("UPDATE token_usage_reports SET deleted_at = now()")
    usage.report("a", NEXT, 5)
    usage.write(database)
    first, second = _reconciled(database, [unit("a", DAY, NEXT)])
    assert first == SummaryCheck(DAY, archived=True)
    assert (second.archived, second.scopes, second.late_reports) == (False, 3, 0)


def test_reports_that_came_for_an_archived_day_are_counted(
    database: Database, usage: Usage
) -> None:
    with database.tenant_transaction(id_of("a")) as connection:
        connection.execute(
            "INSERT INTO loopctl_pipelines.archived_days VALUES (%s, %s, now())",
            [id_of("a"), NEXT],
        )
        connection.execute(
            "UPDATE token_usage_reports SET deleted_at = now() WHERE id <> %s",
            [usage.reports[0].id],
        )
    # the first one has stayed for its correction on a day that is kept
    usage.report("a", NEXT, -1, corrects=usage.reports[0].id)
    for _ in range(2):
        usage.report("a", DAY, 5)
    usage.report("a", DAY, 5, deleted=True)
    usage.report("b", DAY, 5)
    usage.write(database)
    assert _of_day(database) == SummaryCheck(DAY, archived=True, late_reports=2)
