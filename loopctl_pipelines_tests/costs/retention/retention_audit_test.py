"""What retention audits: finished runs, killed runs, runs with failed parts."""

from collections.abc import Callable
from typing import TypeVar
from uuid import UUID

import pytest

from loopctl_pipelines.costs.retention import tenant_retention
from loopctl_pipelines.costs.retention.retention import retain
from loopctl_pipelines.database.connection import Database, TenantConnection
from loopctl_pipelines.database.retries import in_tenant_transaction
from loopctl_pipelines.tenants.tenant import Tenant
from loopctl_pipelines_tests.costs.retention.retained import (
    LAST_ROLLUP,
    NOW,
    ago,
    audit_rows,
    deleted,
    keep,
    retained,
    write_anomaly,
)
from loopctl_pipelines_tests.usage import Usage, at, id_of

Done = TypeVar("Done")
TENANT = Tenant(id_of("a"), "a", "a", "active")


@pytest.fixture
def usage() -> Usage:
    return Usage()


def _write_something_to_retain(database: Database, usage: Usage, reports: int = 1) -> None:
    """Write so many reports to archive, as many to delete, and an anomaly to archive."""
    for _ in range(reports):
        usage.report("a", ago(200), 100)
        deleted(usage, 99)
    story = usage.story("a")
    usage.write(database)
    write_anomaly(database, at(ago(200)), story, resolved=False)


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
