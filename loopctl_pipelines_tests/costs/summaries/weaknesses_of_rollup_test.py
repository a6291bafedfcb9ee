"""Known weaknesses of loopctl's own rollup and stale flag: one test each, named after it."""

from datetime import UTC, date, datetime, timedelta

import psycopg
import pytest
from dagster import DagsterInstance, SensorResult, build_sensor_context

from loopctl_pipelines.costs.display.stored_costs import daily_totals
from loopctl_pipelines.costs.errors import RollupError
from loopctl_pipelines.costs.nights import nightly_range
from loopctl_pipelines.costs.sensors import build_stale_costs_sensor
from loopctl_pipelines.costs.summaries.rollup import roll_up
from loopctl_pipelines.costs.summaries.summaries_match_reports import check_summaries
from loopctl_pipelines.costs.tenant_work.per_tenant import Failed, Landed, run_per_tenant
from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.setting_reader import StartDate
from loopctl_pipelines.settings import Settings
from loopctl_pipelines_tests.costs.interleaved import acting_after, statements_of
from loopctl_pipelines_tests.costs.runs import physical_rows, roll_up_all, stored_summaries, unit
from loopctl_pipelines_tests.dagster_project import DagsterProject, dagster_project
from loopctl_pipelines_tests.usage import Usage, at, id_of

DAY = date(2026, 4, 2)
NEXT = date(2026, 4, 3)
BIGINT_MAX = 2**63 - 1
SETTINGS = Settings(start_date=StartDate(DAY))
MARK = "UPDATE cost_summaries SET stale = true"


@pytest.fixture
def usage() -> Usage:
    """Tenants `a`, `b` and `c` with two agents and epics on two days, not yet written."""
    usage = Usage()
    for slug in ("a", "b", "c"):
        for day in (DAY, NEXT):
            usage.report(slug, day, 1000, epic="e", agent="x")
            usage.report(slug, day, 2000, epic="f", agent="y")
    return usage


@pytest.fixture
def rolled_up(database: Database, usage: Usage) -> Usage:
    """Give that usage, written and rolled up."""
    usage.write(database)
    roll_up_all(database, [unit(slug, DAY, NEXT) for slug in ("a", "b", "c")])
    return usage


@pytest.fixture
def project(database: Database, instance: DagsterInstance, rolled_up: Usage) -> DagsterProject:
    assert rolled_up.reports
    return dagster_project(database, instance, SETTINGS)


def _change(database: Database, query: str, *values: object) -> None:
    with database.tenant_transaction(id_of("a")) as connection:
        connection.execute(query.encode(), values)


def _overflow(database: Database, usage: Usage, slug: str) -> None:
    for _ in range(2):
        usage.report(slug, DAY, BIGINT_MAX)
    usage.write(database)


def _per_scope(database: Database, day: date = DAY) -> dict[str, int]:
    totals: dict[str, int] = {"agent": 0, "epic": 0, "project": 0}
    for key, row in stored_summaries(database).items():
        if key[0] == id_of("a") and key[3] == day:
            totals[key[1]] += row.cost_millicents
    return totals


def test_upsert_row_at_a_time(database: Database, usage: Usage) -> None:
    usage.write(database)
    few = statements_of(database, id_of("a"), lambda c: roll_up(c, unit("a", DAY)))
    for n in range(100):
        usage.report("a", NEXT, 1, agent=f"a{n}", epic=f"e{n}", model=f"m{n}")
    usage.write(database)
    many = statements_of(database, id_of("a"), lambda c: roll_up(c, unit("a", DAY, NEXT)))
    assert few == many == 4


@pytest.mark.parametrize("statements", range(5))
def test_rollup_not_transactional(database: Database, usage: Usage, statements: int) -> None:
    usage.write(database)

    def report_more() -> None:
        usage.report("a", DAY, 7, epic="e", agent="x")
        usage.write(database)

    with acting_after(database, id_of("a"), statements, report_more) as connection:
        roll_up(connection, unit("a", DAY))
    totals = _per_scope(database)
    assert totals["agent"] == totals["epic"] == totals["project"]


def test_upsert_exception_kills_batch(database: Database, usage: Usage) -> None:
    _overflow(database, usage, "a")
    units = [unit(slug, DAY) for slug in ("a", "b", "c")]
    ended = list(run_per_tenant(database, units, roll_up, RollupError))
    assert {end.unit.tenant.slug for end in ended if isinstance(end, Failed)} == {"a"}
    assert {end.unit.tenant.slug for end in ended if isinstance(end, Landed)} == {"b", "c"}


def test_partial_failure_reported_ok(
    project: DagsterProject, database: Database, usage: Usage
) -> None:
    _overflow(database, usage, "b")
    ended = project.run((DAY, DAY), ("a", "c"))
    assert not ended.success
    assert "tenant 'b' for 2026-04-02 failed" in project.failures(ended.run_id)[0]
    assert project.materialized(ended.run_id) == {f"{DAY}|a", f"{DAY}|c"}


def test_stale_never_healed(project: DagsterProject, database: Database) -> None:
    _change(database, MARK + " WHERE period_start = %s", DAY)
    context = build_sensor_context(project.instance, resources={"database": database})
    result = build_stale_costs_sensor(SETTINGS)(context)
    assert isinstance(result, SensorResult)
    (request,) = result.run_requests or ()
    assert request.tags["dagster/asset_partition_range_start"] == f"{DAY}|a"
    project.run((DAY, DAY), ("a", "a"))
    assert not any(row.stale for row in stored_summaries(database).values())


@pytest.mark.usefixtures("rolled_up")
def test_all_deleted_scope(database: Database) -> None:
    agent = id_of("a", "agent", "y")
    _change(
        database, "UPDATE token_usage_reports SET deleted_at = now() WHERE agent_id = %s", agent
    )
    _change(database, MARK)
    roll_up_all(database, [unit("a", DAY, NEXT)])
    stored = stored_summaries(database)
    assert not [key for key in stored if key[2] == agent]
    assert not any(row.stale for row in stored.values())


@pytest.mark.usefixtures("rolled_up")
def test_stale_overmarking(database: Database) -> None:
    # loopctl marks every day of a scope: where nothing changed, no figure is written again
    before = stored_summaries(database)
    _change(database, MARK)
    done = roll_up_all(database, [unit("a", DAY, NEXT)])
    assert [(day.written, day.deleted) for day in done] == [(0, 0), (0, 0)]
    assert stored_summaries(database) == before


def test_stale_undermarking(database: Database, rolled_up: Usage) -> None:
    # nothing is marked by a late report or a story that moves: the reconciliation finds both
    rolled_up.report("a", DAY, 5, epic="e", agent="x")
    rolled_up.write(database)
    _change(
        database,
        "UPDATE stories SET epic_id = %s WHERE id = %s",
        id_of("a", "epic", "f"),
        id_of("a", "story", "e", "s"),
    )
    with database.tenant_transaction(id_of("a")) as connection:
        late, moved = check_summaries(connection, unit("a", DAY, NEXT))
    assert {each.scope_type for each in late.first} == {"agent", "epic", "project"}
    assert {each.scope_type for each in moved.first} == {"epic"}


@pytest.mark.parametrize("statements", range(5))
def test_race_stale_lost(database: Database, rolled_up: Usage, statements: int) -> None:
    rolled_up.report("a", DAY, 5, epic="e", agent="x")
    rolled_up.write(database)
    costs = {"before": 1005, "after": 5}

    def delete() -> None:
        with database.connect() as loopctl:
            # where the rollup has written the rows, the delete waits for it
            loopctl.execute("SET lock_timeout = '1ms'")
            loopctl.execute(
                "UPDATE token_usage_reports SET deleted_at = now() WHERE id = %s",
                [rolled_up.reports[0].id],
            )
            try:
                loopctl.execute(MARK)
            except psycopg.errors.LockNotAvailable:
                loopctl.rollback()
                costs["after"] = costs["before"]

    with acting_after(database, id_of("a"), statements, delete) as connection:
        roll_up(connection, unit("a", DAY))
    row = stored_summaries(database)[id_of("a"), "agent", id_of("a", "agent", "x"), DAY]
    assert row.stale or row.cost_millicents == costs["after"]


def test_late_commit_edge(database: Database, rolled_up: Usage) -> None:
    # written by 02:00 of NEXT, committed after the run: the night after computes the day again
    rolled_up.report("a", at(DAY, 23), 5, epic="e", agent="x")
    rolled_up.write(database)
    nights = Settings(start_date=StartDate(DAY), trailing_days=2)
    night = nightly_range(nights, datetime(2026, 4, 5, 2, tzinfo=UTC), ["a"])
    assert night
    assert night.start == f"{DAY}|a"
    roll_up_all(database, [unit("a", DAY, DAY + timedelta(days=2))])
    assert _per_scope(database)["project"] == 3005


@pytest.mark.usefixtures("rolled_up")
def test_period_key(database: Database) -> None:
    before = physical_rows(database)
    roll_up_all(database, [unit("a", DAY, NEXT)])
    assert physical_rows(database) == before
    assert all(row.period_end == key[3] for key, row in stored_summaries(database).items())
    assert _per_scope(database, DAY) == _per_scope(database, NEXT)


def test_story_join_tenant(database: Database, usage: Usage) -> None:
    usage.write(database)
    _change(
        database,
        "UPDATE token_usage_reports SET story_id = %s WHERE agent_id = %s",
        id_of("b", "story", "e", "s"),
        id_of("a", "agent", "x"),
    )
    roll_up_all(database, [unit("a", DAY)])
    stored = stored_summaries(database)
    assert {key[2] for key in stored if key[1] == "epic"} == {id_of("a", "epic", "f")}


def test_project_attribution(database: Database, rolled_up: Usage) -> None:
    # each report counts once in every kind of scope, so the kinds agree in total
    assert rolled_up.reports
    assert set(_per_scope(database).values()) == {3000}


def test_stranded_correction(database: Database, usage: Usage) -> None:
    original = usage.report("a", DAY, 500, epic="e", agent="x", deleted=True)
    usage.report("a", DAY, -500, epic="e", agent="x", corrects=original)
    usage.write(database)
    roll_up_all(database, [unit("a", DAY)])
    assert _per_scope(database)["project"] == 3000


@pytest.mark.usefixtures("rolled_up")
def test_summaries_unused(database: Database) -> None:
    _change(database, "DELETE FROM token_usage_reports")
    first, second = daily_totals(database, unit("a", DAY, NEXT))
    assert first.cost_millicents == 3000
    assert second.reports == 2
