"""What a day cost stays what it cost, whatever retention takes of its reports, and when."""

from concurrent.futures import Future, ThreadPoolExecutor
from datetime import date, datetime, time, timedelta
from functools import partial
from typing import TYPE_CHECKING
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from loopctl_pipelines.costs.retention.retention import retain
from loopctl_pipelines.costs.summaries.rollup import roll_up
from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.demo.sample.rows import ReportRow
from loopctl_pipelines.tenants.tenant import Tenant
from loopctl_pipelines_tests.costs.anomalies.deviations import (
    ONE_HIGH,
    detected,
    figures,
    spend,
    story,
)
from loopctl_pipelines_tests.costs.edited_usage import start_anew
from loopctl_pipelines_tests.costs.generated_usage import (
    FIRST,
    SLUGS,
    Drawn,
    drawn_reports,
    usage_of,
)
from loopctl_pipelines_tests.costs.interleaved import acting_after, until_it_ends_or_waits
from loopctl_pipelines_tests.costs.retention.retained import (
    LAST_ROLLUP,
    NOW,
    ago,
    archived_before,
    keep,
    live,
    retained,
)
from loopctl_pipelines_tests.costs.runs import roll_up_all, stored_summaries, unit
from loopctl_pipelines_tests.costs.summaries import oracle
from loopctl_pipelines_tests.usage import Usage, at, id_of

if TYPE_CHECKING:
    from loopctl_pipelines.costs.retention.retained import Retained

BIGINT_MAX = 2**63 - 1
# all that generated usage has: a day before its range, and one behind it
DAYS = [FIRST + timedelta(days=n) for n in range(-1, 5)]
KEPT_DAYS = 30
cutoffs = st.integers(-1, 5).map(lambda n: FIRST + timedelta(days=n))


def _run(database: Database, cutoff: date) -> dict[str, int]:
    """Run retention of all tenants, so that days before `cutoff` go; return archived reports."""
    now = datetime.combine(cutoff + timedelta(days=KEPT_DAYS), time(3))
    done = {slug: retained(database, slug, now) for slug in SLUGS}
    assert [each.late_reports for each in done.values()] == [0] * len(SLUGS)
    return {slug: each.reports_soft_deleted for slug, each in done.items()}


def _due(reports: list[ReportRow], slug: str, cutoff: date) -> int:
    alive = [r for r in reports if r.deleted_at is None and r.tenant_id == id_of(slug)]
    needed = {r.corrects_report_id for r in alive if r.inserted_at.date() >= cutoff}
    return sum(r.inserted_at.date() < cutoff and r.id not in needed for r in alive)


def _start_anew(database: Database, usage: Usage) -> None:
    start_anew(database, usage)
    for slug in SLUGS:
        keep(database, KEPT_DAYS, slug)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(drawn_reports, cutoffs, st.integers(0, 3), st.integers(0, 1))
def test_rollups_before_and_after_retention_leave_what_the_reports_cost_before_it(
    database: Database, reports: list[Drawn], cutoff: date, later: int, rollups: int
) -> None:
    usage = usage_of(reports)
    _start_anew(database, usage)
    units = [unit(slug, DAYS[0], DAYS[-1]) for slug in SLUGS]
    for _ in range(rollups):
        roll_up_all(database, units)
    assert _run(database, cutoff) == {slug: _due(usage.reports, slug, cutoff) for slug in SLUGS}
    roll_up_all(database, units)
    expected = oracle.summaries(usage.reports, usage.epic_of(), set(DAYS))
    assert stored_summaries(database) == expected
    _run(database, cutoff + timedelta(days=later))
    roll_up_all(database, units)
    assert stored_summaries(database) == expected


def test_a_day_that_was_never_summarized_is_so_before_its_reports_go(database: Database) -> None:
    usage = Usage()
    for days in (200, 170, 100):
        usage.report("a", ago(days), 1000)
    usage.write(database)
    keep(database, 90)
    retained(database)
    assert live(database) == set()
    rows = stored_summaries(database)
    assert {key[3] for key in rows} == {ago(200), ago(170), ago(100)}
    assert {row.cost_millicents for row in rows.values()} == {1000}


def test_a_day_that_is_stale_is_healed_before_its_reports_go(database: Database) -> None:
    usage = Usage()
    usage.report("a", ago(100), 1000)
    usage.write(database)
    roll_up_all(database, [unit("a", ago(100))])
    usage.report("a", ago(100), 500)
    usage.write(database)
    with database.operator_transaction() as connection:
        connection.execute("UPDATE cost_summaries SET stale = true")
    keep(database, 90)
    retained(database)
    rows = stored_summaries(database).values()
    assert {(row.cost_millicents, row.stale) for row in rows} == {(1500, False)}


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (ONE_HIGH, (250,) * 5, []),
        ((250,) * 5, ONE_HIGH, [(story(), "high_cost", "4.50")]),
        (ONE_HIGH, (9000, 1000, 1000, 1000, 1000), [(story(), "high_cost", "3.46")]),
    ],
    ids=["is over", "begins", "changes"],
)
def test_an_anomaly_follows_a_stale_day_that_is_healed_before_its_reports_go(
    before: tuple[int, ...],
    after: tuple[int, ...],
    expected: list[tuple[UUID, str, str]],
    database: Database,
) -> None:
    day = ago(100)
    spend(database, before, day)
    detected(database, day)
    with database.tenant_transaction(id_of("a")) as connection:
        for n, cost in enumerate(after):
            connection.execute(
                "UPDATE token_usage_reports SET cost_millicents = %s WHERE story_id = %s",
                [cost, story(f"s{n}")],
            )
        connection.execute("UPDATE cost_summaries SET stale = true")
    keep(database, 90)
    retained(database)
    assert figures(database) == expected


def test_no_anomaly_is_opened_of_an_old_day_that_is_summarized_for_the_first_time(
    database: Database,
) -> None:
    usage = Usage()
    for n, cost in enumerate(ONE_HIGH):
        usage.report("a", ago(100), cost, story=f"s{n}")
    usage.write(database)
    keep(database, 90)
    retained(database)
    assert figures(database) == []


def test_nothing_is_archived_that_cannot_be_summarized(database: Database) -> None:
    usage = Usage()
    usage.report("a", ago(150), 1000)
    for _ in range(2):
        usage.report("a", ago(100), BIGINT_MAX)
    usage.write(database)
    keep(database, 90)
    done = retain(database, Tenant(id_of("a"), "a", "a", "active"), NOW, LAST_ROLLUP)
    (error,) = done.errors
    assert "Retention of tenant 'a' stopped (days to archive)" in str(error)
    assert "a sum or a count does not fit its column" in str(error)
    assert done.reports_soft_deleted == 0
    assert len(live(database)) == 3


def test_a_day_that_loopctl_archived_itself_is_left_as_it_is(database: Database) -> None:
    usage = Usage()
    # loopctl cuts at a time of day: at 03:00 of the Sunday before, 90 days ago
    usage.report("a", at(ago(97), 2), 1000)
    usage.report("a", at(ago(97), 4), 1)
    usage.report("a", at(ago(96), 4), 1)
    usage.write(database)
    roll_up_all(database, [unit("a", ago(97), ago(96))])
    before = stored_summaries(database)
    week_ago = NOW - timedelta(days=7)
    with database.operator_transaction() as connection:
        connection.execute(
            "UPDATE token_usage_reports SET deleted_at = %s WHERE cost_millicents = 1000",
            [week_ago],
        )
        connection.execute(
            "INSERT INTO audit_log (tenant_id, entity_type, entity_id, action, actor_type,"
            " new_state, inserted_at) VALUES (%(tenant)s, 'token_data_archival', %(tenant)s,"
            " 'archival_run', 'system', '{\"retention_days\": 90, \"reports_soft_deleted\": 1}',"
            " %(at)s)",
            {"tenant": id_of("a"), "at": week_ago},
        )
    retained(database)
    assert archived_before(database) == ago(96)
    roll_up_all(database, [unit("a", ago(97), ago(96))])
    assert stored_summaries(database) == before


def test_a_retention_that_was_made_longer_or_ended_gives_no_day_back(database: Database) -> None:
    usage = Usage()
    usage.report("a", ago(100), 1000)
    usage.write(database)
    keep(database, 90)
    retained(database)
    before = stored_summaries(database)
    for days in (365, None):
        keep(database, days)
        retained(database)
        roll_up_all(database, [unit("a", ago(100))])
        assert stored_summaries(database) == before
    assert archived_before(database) == ago(90)


def test_retention_waits_for_a_rollup_that_is_under_way(database: Database) -> None:
    usage = Usage()
    usage.report("a", ago(100), 1000)
    usage.write(database)
    keep(database, 90)
    with ThreadPoolExecutor() as pool:
        with database.tenant_transaction(id_of("a")) as connection:
            roll_up(connection, unit("a", ago(100)))
            running = until_it_ends_or_waits(database, pool, lambda: retained(database))
            assert not running.done()
        assert running.result().reports_soft_deleted == 1
    assert {row.cost_millicents for row in stored_summaries(database).values()} == {1000}


@pytest.mark.parametrize("statements", range(5))
def test_retention_that_begins_at_any_statement_of_a_rollup_shrinks_no_day(
    database: Database, statements: int
) -> None:
    usage = Usage()
    usage.report("a", ago(100), 1000)
    usage.write(database)
    keep(database, 90)
    running: list[Future[Retained]] = []
    with ThreadPoolExecutor() as pool:

        def begin() -> None:
            run = partial(retained, database)
            running.append(until_it_ends_or_waits(database, pool, run))

        with acting_after(database, id_of("a"), statements, begin) as connection:
            roll_up(connection, unit("a", ago(100)))
        (retention,) = running
        assert retention.result().reports_soft_deleted == 1
    assert {row.cost_millicents for row in stored_summaries(database).values()} == {1000}
