"""What is deleted and archived, when, and what of it is audited."""

from datetime import timedelta
from typing import TypeVar

import pytest

from loopctl_pipelines.costs.retention import tenant_retention
from loopctl_pipelines.costs.retention.retention import retain
from loopctl_pipelines.costs.summaries.summaries_match_reports import check_summaries
from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.tenants.tenant import Tenant
from loopctl_pipelines_tests.costs.retention.retained import (
    LAST_ROLLUP,
    NOW,
    ago,
    archived_before,
    audit_rows,
    deleted,
    keep,
    live,
    reports,
    retained,
    write_anomaly,
)
from loopctl_pipelines_tests.costs.runs import stored_summaries, unit
from loopctl_pipelines_tests.usage import Usage, at, id_of

Done = TypeVar("Done")
TENANT = Tenant(id_of("a"), "a", "a", "active")


@pytest.fixture
def usage() -> Usage:
    return Usage()


def test_a_report_is_deleted_when_it_was_soft_deleted_more_than_30_days_ago(
    database: Database, usage: Usage
) -> None:
    gone = deleted(usage, 30.001)
    kept = deleted(usage, 30)
    alive = usage.report("a", ago(900), 100)
    usage.write(database)
    done = retained(database)
    assert (done.reports_hard_deleted, done.reports_soft_deleted) == (1, 0)
    assert reports(database).keys() == {kept, alive}
    assert gone not in reports(database)


def test_hard_delete_fk_a_report_that_a_live_correction_refers_to_stays(
    database: Database, usage: Usage
) -> None:
    original = deleted(usage, 99)
    other = deleted(usage, 99)
    correction = usage.report("a", ago(3), -10, corrects=original)
    usage.write(database)
    assert retained(database).reports_hard_deleted == 1
    assert reports(database).keys() == {original, correction}
    assert other not in reports(database)


def test_hard_delete_fk_a_report_goes_together_with_its_correction_once_both_are_old(
    database: Database, usage: Usage
) -> None:
    original = deleted(usage, 99)
    younger = deleted(usage, 5, corrects=original)
    usage.write(database)
    assert retained(database).reports_hard_deleted == 0
    assert reports(database).keys() == {original, younger}
    assert retained(database, now=NOW + timedelta(days=30)).reports_hard_deleted == 2
    assert reports(database) == {}


def test_days_are_archived_whole_when_they_are_older_than_the_tenant_keeps_them(
    database: Database, usage: Usage
) -> None:
    keep_days = 90
    old = usage.report("a", at(ago(91), 23), 100)
    kept = usage.report("a", at(ago(90), 0), 100)
    usage.write(database)
    keep(database, keep_days)
    done = retained(database)
    assert (done.retention_days, done.reports_soft_deleted) == (keep_days, 1)
    assert live(database) == {kept}
    assert old in reports(database)
    assert archived_before(database) == ago(90)


def test_a_tenant_that_keeps_everything_archives_nothing(database: Database, usage: Usage) -> None:
    usage.report("a", ago(900), 100)
    usage.write(database)
    assert retained(database).rows == 0
    assert archived_before(database) is None
    assert audit_rows(database) == []


def test_a_report_that_is_corrected_on_a_day_that_is_kept_stays_until_that_day_goes(
    database: Database, usage: Usage
) -> None:
    original = usage.report("a", ago(200), 100)
    correction = usage.report("a", ago(40), -30, corrects=original)
    usage.write(database)
    keep(database, 60)
    assert retained(database).reports_soft_deleted == 0
    assert live(database) == {original, correction}
    assert retained(database, now=NOW + timedelta(days=30)).reports_soft_deleted == 2
    assert live(database) == set()


def test_old_anomalies_are_archived_resolved_or_not(database: Database, usage: Usage) -> None:
    story = usage.story("a")
    usage.write(database)
    keep(database, 90)
    for days, resolved in ((91, True), (91, False), (90, True)):
        write_anomaly(database, at(ago(days)), story, resolved=resolved)
    assert retained(database).anomalies_archived == 2
    with database.operator_transaction() as connection:
        rows = connection.execute("SELECT inserted_at, archived FROM cost_anomalies").fetchall()
    assert all(archived == (when < at(ago(90), 0)) for when, archived in rows)
    assert len(rows) == 3


def test_reports_that_came_for_days_that_were_archived_before_are_archived_and_told(
    database: Database, usage: Usage
) -> None:
    original = usage.report("a", ago(200), 100)
    usage.report("a", ago(200), 100)
    usage.report("a", ago(40), -30, corrects=original)
    usage.write(database)
    keep(database, 60)
    first = retained(database)
    assert (first.reports_soft_deleted, first.late_reports, first.late_reports_warning) == (
        1,
        0,
        None,
    )
    before = stored_summaries(database)
    for _ in range(2):
        usage.report("a", ago(200), 7)
    usage.write(database)
    # the original goes as well, with its correction: it is in the summaries
    second = retained(database, now=NOW + timedelta(days=30))
    assert (second.reports_soft_deleted, second.late_reports) == (4, 2)
    assert str(second.late_reports_warning).startswith(
        "Tenant 'a': 2 of the archived reports are of days that were archived before."
    )
    assert {key: row for key, row in stored_summaries(database).items() if key in before} == before


def test_the_check_of_an_archived_day_and_retention_agree_on_which_reports_came_late(
    database: Database, usage: Usage
) -> None:
    day = ago(200)
    stays = usage.report("a", day, 100)
    gone = usage.report("a", day, 100)
    usage.report("a", ago(40), -30, corrects=stays)
    usage.write(database)
    keep(database, 60)
    retained(database)
    late = usage.report("a", day, 7)
    usage.report("a", day, -2, corrects=late)
    usage.report("a", day, 7)
    # of one that was archived, so that it does not count
    usage.report("a", day, -2, corrects=gone)
    usage.write(database)
    with database.tenant_transaction(id_of("a")) as connection:
        (checked,) = check_summaries(connection, unit("a", day))
    # the correction of a late one stands for both
    assert checked.late_reports == 2
    assert retained(database).late_reports == 2


@pytest.mark.parametrize("size", [1, 2, 7])
def test_batches_of_any_size_come_to_the_same(
    database: Database, usage: Usage, size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tenant_retention, "BATCH", size)
    original = deleted(usage, 90)
    for _ in range(5):
        original = deleted(usage, 60, corrects=original)
        # all at the same moment, which is no place to go on from
        usage.report("a", ago(200), 100)
    usage.write(database)
    keep(database, 90)
    done = retained(database)
    assert (done.reports_hard_deleted, done.reports_soft_deleted) == (6, 5)
    assert live(database) == set()


def test_another_tenants_usage_is_left_alone(database: Database, usage: Usage) -> None:
    usage.report("a", ago(200), 100)
    theirs = {usage.report("b", ago(200), 100), usage.report("b", ago(200), 100, deleted=True)}
    usage.write(database)
    keep(database, 90)
    keep(database, 90, "b")
    before = reports(database)
    retained(database)
    assert {key: when for key, when in reports(database).items() if key in theirs} == {
        key: before[key] for key in theirs
    }
    assert archived_before(database, "b") is None


@pytest.mark.parametrize("days", [29, 0, -5])
def test_a_retention_shorter_than_loopctl_allows_archives_nothing_and_is_told(
    database: Database, usage: Usage, days: int
) -> None:
    alive = usage.report("a", ago(900), 100)
    deleted(usage, 99)
    usage.write(database)
    keep(database, days)
    done = retain(database, TENANT, NOW, LAST_ROLLUP)
    (error,) = done.errors
    assert str(error) == (
        f"Nothing of tenant 'a' was archived: its token_data_retention_days is {days}, and the "
        "least is 30. Correct it in loopctl, or set it to null."
    )
    assert reports(database).keys() == {alive}


def test_a_retention_of_ages_archives_nothing(database: Database, usage: Usage) -> None:
    usage.report("a", ago(900), 100)
    usage.write(database)
    keep(database, 2**31 - 1)
    assert retained(database).rows == 0
