"""What is deleted and archived, when, and what of it is audited."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TypeVar
from uuid import UUID

import pytest

from loopctl_pipelines.costs.retention import tenant_retention
from loopctl_pipelines.costs.retention.retention import retain
from loopctl_pipelines.costs.summaries.summaries_match_reports import check_summaries
from loopctl_pipelines.database.connection import Database, TenantConnection
from loopctl_pipelines.database.retries import in_tenant_transaction
from loopctl_pipelines.tenants.tenant import Tenant
from loopctl_pipelines_tests.costs.retention.retained import (
    LAST_ROLLUP,
    NOW,
    ago,
    archived_before,
    audit_rows,
    keep,
    live,
    reports,
    retained,
)
from loopctl_pipelines_tests.costs.runs import stored_summaries, unit
from loopctl_pipelines_tests.usage import Usage, at, id_of

Done = TypeVar("Done")
TENANT = Tenant(id_of("a"), "a", "a", "active")


@pytest.fixture
def usage() -> Usage:
    return Usage()


def _deleted(usage: Usage, days: float, corrects: UUID | None = None) -> UUID:
    """Add a report that was soft-deleted so many days ago."""
    report = usage.report("a", ago(200), 100, corrects=corrects)
    when = NOW - timedelta(days=days)
    usage.reports[-1] = replace(usage.reports[-1], deleted_at=when)
    return report


def test_a_report_is_deleted_when_it_was_soft_deleted_more_than_30_days_ago(
    database: Database, usage: Usage
) -> None:
    gone = _deleted(usage, 30.001)
    kept = _deleted(usage, 30)
    alive = usage.report("a", ago(900), 100)
    usage.write(database)
    done = retained(database)
    assert (done.reports_hard_deleted, done.reports_soft_deleted) == (1, 0)
    assert reports(database).keys() == {kept, alive}
    assert gone not in reports(database)


def test_hard_delete_fk_a_report_that_a_live_correction_refers_to_stays(
    database: Database, usage: Usage
) -> None:
    original = _deleted(usage, 99)
    other = _deleted(usage, 99)
    correction = usage.report("a", ago(3), -10, corrects=original)
    usage.write(database)
    assert retained(database).reports_hard_deleted == 1
    assert reports(database).keys() == {original, correction}
    assert other not in reports(database)


def test_hard_delete_fk_a_report_goes_together_with_its_correction_once_both_are_old(
    database: Database, usage: Usage
) -> None:
    original = _deleted(usage, 99)
    younger = _deleted(usage, 5, corrects=original)
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


def _anomaly(database: Database, when: datetime, story: UUID, *, resolved: bool) -> None:
    with database.operator_transaction() as connection:
        connection.execute(
            "INSERT INTO cost_anomalies (id, tenant_id, story_id, anomaly_type, inserted_at,"
            " updated_at, story_cost_millicents, reference_avg_millicents, deviation_factor,"
            " resolved) VALUES (gen_random_uuid(), %s, %s, 'high_cost', %s, %s, 9, 2, 4.5, %s)",
            [id_of("a"), story, when, when, resolved],
        )


def test_old_anomalies_are_archived_resolved_or_not(database: Database, usage: Usage) -> None:
    story = usage.story("a")
    usage.write(database)
    keep(database, 90)
    for days, resolved in ((91, True), (91, False), (90, True)):
        _anomaly(database, at(ago(days)), story, resolved=resolved)
    assert retained(database).anomalies_archived == 2
    with database.operator_transaction() as connection:
        rows = connection.execute("SELECT inserted_at, archived FROM cost_anomalies").fetchall()
    assert all(archived == (when < at(ago(90), 0)) for when, archived in rows)
    assert len(rows) == 3


def _write_something_to_retain(database: Database, usage: Usage, reports: int = 1) -> None:
    """Write so many reports to archive, as many to delete, and an anomaly to archive."""
    for _ in range(reports):
        usage.report("a", ago(200), 100)
        _deleted(usage, 99)
    story = usage.story("a")
    usage.write(database)
    _anomaly(database, at(ago(200)), story, resolved=False)


def test_a_run_is_audited_as_loopctl_does_it(database: Database, usage: Usage) -> None:
    _write_something_to_retain(database, usage)
    keep(database, 90)
    retained(database)
    (row,) = audit_rows(database)
    del row["id"], row["inserted_at"]
    done = {
        "retention_days": 90,
        "reports_soft_deleted": 1,
        "reports_hard_deleted": 1,
        "anomalies_archived": 1,
    }
    assert row == {
        "tenant_id": id_of("a"),
        "project_id": None,
        "entity_type": "token_data_archival",
        "entity_id": id_of("a"),
        "action": "archival_run",
        "actor_type": "system",
        "actor_id": None,
        "actor_label": "asset:token_data_retention",
        "old_state": None,
        "new_state": done,
        "metadata": done,
    }


def test_a_run_that_changes_nothing_is_not_audited(database: Database, usage: Usage) -> None:
    usage.report("a", ago(200), 100)
    usage.write(database)
    keep(database, 90)
    retained(database)
    assert retained(database).rows == 0
    assert len(audit_rows(database)) == 1


class Killed(BaseException):
    """What ends a process at once, whatever it is doing."""


def _kill_after(transactions: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have retention end after so many transactions have committed."""
    left = [transactions]

    def run(database: Database, tenant_id: UUID, work: Callable[[TenantConnection], Done]) -> Done:
        if left[0] == 0:
            raise Killed
        left[0] -= 1
        return in_tenant_transaction(database, tenant_id, work)

    monkeypatch.setattr(tenant_retention, "in_tenant_transaction", run)


@pytest.mark.parametrize("transactions", range(11))
def test_what_a_killed_run_has_done_is_audited_once_by_the_next_one(
    database: Database, usage: Usage, transactions: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    _write_something_to_retain(database, usage, reports=3)
    keep(database, 90)
    with monkeypatch.context() as killing:
        killing.setattr(tenant_retention, "BATCH", 2)
        _kill_after(transactions, killing)
        with pytest.raises(Killed):
            retain(database, TENANT, NOW, LAST_ROLLUP)
    assert audit_rows(database) == []
    retained(database)
    (row,) = audit_rows(database)
    assert (
        row["new_state"]
        == row["metadata"]
        == {
            "retention_days": 90,
            "reports_soft_deleted": 3,
            "reports_hard_deleted": 3,
            "anomalies_archived": 1,
        }
    )
    retained(database)
    assert len(audit_rows(database)) == 1


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
    original = _deleted(usage, 90)
    for _ in range(5):
        original = _deleted(usage, 60, corrects=original)
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
    _deleted(usage, 99)
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


def test_a_part_that_fails_does_not_keep_the_others_off_and_is_audited_with_what_was_done(
    database: Database, usage: Usage
) -> None:
    _write_something_to_retain(database, usage)
    keep(database, 90)
    with database.operator_transaction() as connection:
        connection.execute("ALTER TABLE cost_anomalies ADD CHECK (NOT archived)")
    done = retain(database, TENANT, NOW, LAST_ROLLUP)
    (error,) = done.errors
    assert str(error) == (
        "Retention of tenant 'a' stopped (anomalies to archive): a constraint refuses the result "
        "(SQLSTATE 23514). What was done before stays done; repair the cause, then materialize "
        "token_data_retention again: it goes on from there."
    )
    assert (done.reports_soft_deleted, done.reports_hard_deleted) == (1, 1)
    (row,) = audit_rows(database)
    assert row["new_state"]["anomalies_archived"] == 0


def test_audit_partition_what_cannot_be_audited_is_told(database: Database, usage: Usage) -> None:
    usage.report("a", ago(200), 100)
    usage.write(database)
    keep(database, 90)
    with database.operator_transaction() as connection:
        parts = connection.execute(
            "SELECT relid::regclass::text FROM pg_partition_tree('audit_log') WHERE isleaf"
        ).fetchall()
        for (name,) in parts:
            connection.execute(f"DROP TABLE {name}".encode())
    done = retain(database, TENANT, NOW, LAST_ROLLUP)
    (error,) = done.errors
    assert "Retention of tenant 'a' stopped (the audit row)" in str(error)
    assert done.reports_soft_deleted == 1
