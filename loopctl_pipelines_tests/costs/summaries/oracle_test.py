"""The whole stored tables equal a plain loop over the raw rows, whatever the rows are."""

from hypothesis import HealthCheck, given, settings

from loopctl_pipelines.database.connection import Database
from loopctl_pipelines_tests.costs.edited_usage import Edit, apply, edits, start_anew, units
from loopctl_pipelines_tests.costs.generated_usage import DAYS, Drawn, drawn_reports, usage_of
from loopctl_pipelines_tests.costs.runs import (
    detect_all,
    physical_rows,
    roll_up_all,
    stored_summaries,
)
from loopctl_pipelines_tests.costs.summaries import oracle

# each example starts by emptying the database, so they may share it
in_one_database = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@in_one_database
@given(reports=drawn_reports, changes=edits)
def test_the_summaries_are_what_a_loop_over_the_reports_gives_also_after_changes(
    database: Database, reports: list[Drawn], changes: list[Edit]
) -> None:
    usage = usage_of(reports)
    start_anew(database, usage)
    done = roll_up_all(database, units())
    expected = oracle.summaries(usage.reports, usage.epic_of(), DAYS)
    assert stored_summaries(database) == expected
    assert sum(day.written for day in done) == len(expected)
    counted = [r for r in oracle.live(usage.reports) if r.inserted_at.date() in DAYS]
    assert sum(day.reports for day in done) == len(counted)
    assert sum(day.cost_millicents for day in done) == sum(r.cost_millicents for r in counted)
    apply(database, usage, changes)
    roll_up_all(database, units())
    assert stored_summaries(database) == oracle.summaries(usage.reports, usage.epic_of(), DAYS)


@in_one_database
@given(reports=drawn_reports)
def test_a_second_run_touches_no_row_and_says_so(database: Database, reports: list[Drawn]) -> None:
    start_anew(database, usage_of(reports))
    roll_up_all(database, units())
    detect_all(database, units())
    before = physical_rows(database)
    summarized = roll_up_all(database, units())
    compared = detect_all(database, units())
    assert physical_rows(database) == before
    assert sum(day.written + day.deleted for day in summarized) == 0
    assert sum(day.unchanged for day in summarized) == len(stored_summaries(database))
    assert sum(day.opened + day.updated for day in compared) == 0
