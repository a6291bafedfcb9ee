"""Resolving an anomaly: once, audited with it, by its own tenant only."""

from concurrent.futures import ThreadPoolExecutor
from uuid import UUID, uuid4

import psycopg
import pytest

from loopctl_pipelines.actor import Actor
from loopctl_pipelines.costs.anomalies.resolution import Resolution, resolve_anomaly
from loopctl_pipelines.database.connection import Database
from loopctl_pipelines_tests.costs.anomalies.deviations import (
    ONE_HIGH,
    anomalies,
    audited,
    change,
    detected,
    figures,
    spend,
)
from loopctl_pipelines_tests.costs.interleaved import until_it_ends_or_waits
from loopctl_pipelines_tests.usage import id_of

KEY = Actor.api_key(UUID(int=7), "ops laptop")


@pytest.fixture(autouse=True)
def anomaly(database: Database) -> UUID:
    """Have the detection find one anomaly, and return its id."""
    spend(database, ONE_HIGH)
    detected(database)
    (row,) = anomalies(database)
    return UUID(str(row["id"]))


def _resolve(
    database: Database, anomaly: UUID, tenant: UUID | None = None, actor: Actor = KEY
) -> Resolution | None:
    tenant = tenant or id_of("a")
    with database.tenant_transaction(tenant) as connection:
        return resolve_anomaly(connection, tenant, anomaly, actor)


def test_resolving_changes_the_flag_and_the_time_and_nothing_else(
    database: Database, anomaly: UUID
) -> None:
    (before,) = anomalies(database)
    done = _resolve(database, anomaly)
    (after,) = anomalies(database)
    assert done == Resolution(anomaly, after["updated_at"], newly=True)
    assert after["updated_at"] > before["updated_at"]
    changed = {name for name in after if after[name] != before[name]}
    assert changed == {"resolved", "updated_at", "xmin"}


def test_it_is_audited_in_the_same_transaction(database: Database, anomaly: UUID) -> None:
    _resolve(database, anomaly)
    (after,) = anomalies(database)
    row = audited(database)[-1]
    assert row.pop("xmin") == after["xmin"]
    assert row.pop("inserted_at") == after["updated_at"]
    del row["id"]
    assert row == {
        "tenant_id": id_of("a"),
        "project_id": None,
        "entity_type": "cost_anomaly",
        "entity_id": anomaly,
        "action": "resolved",
        "actor_type": "api_key",
        "actor_id": UUID(int=7),
        "actor_label": "ops laptop",
        "old_state": {"resolved": False},
        "new_state": {"resolved": True},
        "metadata": {},
    }


def test_a_part_of_the_system_is_audited_without_a_key(database: Database, anomaly: UUID) -> None:
    _resolve(database, anomaly, actor=Actor.system("cli:anomalies"))
    row = audited(database)[-1]
    actor = (row["actor_type"], row["actor_id"], row["actor_label"])
    assert actor == ("system", None, "cli:anomalies")


def test_resolve_audit_a_second_time_writes_nothing_and_says_when_it_was(
    database: Database, anomaly: UUID
) -> None:
    first = _resolve(database, anomaly)
    before = anomalies(database), audited(database)
    second = _resolve(database, anomaly)
    assert first
    assert second == Resolution(anomaly, first.updated_at, newly=False)
    assert (anomalies(database), audited(database)) == before


def test_resolve_audit_of_two_at_once_one_resolves_and_is_audited(
    database: Database, anomaly: UUID
) -> None:
    with ThreadPoolExecutor() as pool:
        with database.tenant_transaction(id_of("a")) as connection:
            first = resolve_anomaly(connection, id_of("a"), anomaly, KEY)
            running = until_it_ends_or_waits(database, pool, lambda: _resolve(database, anomaly))
            assert not running.done()
        second = running.result()
    assert first
    assert second == Resolution(anomaly, first.updated_at, newly=False)
    assert [row["action"] for row in audited(database)] == ["detected", "resolved"]


def test_resolve_audit_loopctl_that_resolves_at_the_same_time_is_not_audited_again(
    database: Database, anomaly: UUID
) -> None:
    with database.connect() as loopctl, ThreadPoolExecutor() as pool:
        loopctl.execute("UPDATE cost_anomalies SET resolved = true")
        running = until_it_ends_or_waits(database, pool, lambda: _resolve(database, anomaly))
        assert not running.done()
        loopctl.commit()
        done = running.result()
    assert done
    assert not done.newly
    assert [row["action"] for row in audited(database)] == ["detected"]


def test_one_that_is_resolved_while_a_detection_is_under_way_is_not_opened_again(
    database: Database,
) -> None:
    spend(database, (9000, 100, 250, 250, 250))
    detected(database)
    held, other = sorted(anomalies(database), key=lambda row: str(row["story_id"]))
    change(
        database,
        "DELETE FROM cost_anomalies WHERE story_id ="
        " (SELECT story_id FROM cost_anomalies ORDER BY story_id LIMIT 1)",
    )
    spend(database, (9900, 90, 250, 250, 250))
    with database.connect() as loopctl, ThreadPoolExecutor() as pool:
        # the detection has taken its snapshot when it waits for this row
        loopctl.execute(
            "INSERT INTO cost_anomalies (id, tenant_id, story_id, anomaly_type, inserted_at,"
            " updated_at, story_cost_millicents, reference_avg_millicents, deviation_factor)"
            " VALUES (gen_random_uuid(), %(tenant_id)s, %(story_id)s, %(anomaly_type)s,"
            " %(inserted_at)s, %(updated_at)s, 1, 1, 1)",
            held,
        )
        detecting = until_it_ends_or_waits(database, pool, lambda: detected(database))
        resolving = until_it_ends_or_waits(
            database, pool, lambda: _resolve(database, other["id"]), already=1
        )
        assert not detecting.done()
        loopctl.commit()
        detecting.result()
        done = resolving.result()
    assert done
    assert done.newly
    of_story = [row for row in anomalies(database) if row["story_id"] == other["story_id"]]
    assert [row["resolved"] for row in of_story] == [True]


def test_an_unknown_anomaly_is_none_and_writes_nothing(database: Database) -> None:
    assert _resolve(database, uuid4()) is None
    assert len(audited(database)) == 1


def test_another_tenants_anomaly_is_none_and_stays_open(database: Database, anomaly: UUID) -> None:
    assert _resolve(database, anomaly, id_of("b")) is None
    assert [row["resolved"] for row in anomalies(database)] == [False]
    assert len(audited(database)) == 1


def test_what_cannot_be_audited_is_not_resolved(database: Database, anomaly: UUID) -> None:
    with database.operator_transaction() as connection:
        connection.execute("ALTER TABLE audit_log ADD CHECK (false) NOT VALID")
    with pytest.raises(psycopg.errors.CheckViolation):
        _resolve(database, anomaly)
    assert [factor for _, _, factor in figures(database)] == ["4.50"]
    assert [row["resolved"] for row in anomalies(database)] == [False]
