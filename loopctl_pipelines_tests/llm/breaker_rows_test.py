"""The breaker stores little, and not for long."""

from datetime import UTC, datetime, timedelta

import pytest
from psycopg.errors import InsufficientPrivilege

from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.llm.breaker import Breaker
from loopctl_pipelines.llm.circuit import CircuitState, CircuitStatus, Permit, Verdict
from loopctl_pipelines.llm.openai.exceptions import OPENAI
from loopctl_pipelines_tests.knowledge.embedding.knowledge import Knowledge
from loopctl_pipelines_tests.usage import id_of

ACME, GLOBEX = id_of("acme"), id_of("globex")


def at(seconds: float) -> datetime:
    return datetime(2026, 4, 2, 12, tzinfo=UTC) + timedelta(seconds=seconds)


@pytest.fixture
def breaker(database: Database) -> Breaker:
    for slug in ("acme", "globex"):
        Knowledge(database).tenant(slug)
    return Breaker(database, OPENAI.name)


def fail(breaker: Breaker, *times: float, slug: str = "acme") -> None:
    for seconds in times:
        breaker.record(Permit(id_of(slug)), Verdict.COUNTED, now=at(seconds))


def rows(database: Database) -> int:
    with database.operator_transaction() as connection:
        counted = connection.execute("SELECT count(*) FROM loopctl_pipelines.circuit_breakers")
        return int(counted.fetchall()[0][0])


def test_a_healthy_tenant_has_no_row(breaker: Breaker, database: Database) -> None:
    for verdict in (Verdict.SUCCESS, Verdict.NEUTRAL):
        permit = breaker.admit(ACME, now=at(0))
        assert isinstance(permit, Permit)
        breaker.record(permit, verdict, now=at(1))
    assert rows(database) == 0


@pytest.mark.parametrize("failures", [1, 3, 100])
def test_a_tenant_in_trouble_has_one_row_however_often_it_fails(
    breaker: Breaker, database: Database, failures: int
) -> None:
    fail(breaker, *range(failures))
    assert rows(database) == 1


def test_a_circuit_that_a_probe_closed_has_no_row(breaker: Breaker, database: Database) -> None:
    fail(breaker, 0, 1, 2)
    probe = breaker.admit(ACME, now=at(32))
    assert isinstance(probe, Permit)
    breaker.record(probe, Verdict.SUCCESS, now=at(33))
    assert rows(database) == 0


def test_a_circuit_that_was_reset_has_no_row(breaker: Breaker, database: Database) -> None:
    fail(breaker, 0, 1, 2)
    breaker.reset(ACME)
    assert rows(database) == 0


def test_failures_that_slid_out_are_deleted_and_those_that_count_are_not(
    breaker: Breaker, database: Database
) -> None:
    fail(breaker, 0, 1)
    fail(breaker, 30, slug="globex")
    assert breaker.open_tenants(now=at(60)) == set()
    assert rows(database) == 2
    breaker.open_tenants(now=at(61))
    assert rows(database) == 1
    assert breaker.state(GLOBEX, now=at(61)).failures == 1


def test_an_open_circuit_is_never_deleted(breaker: Breaker, database: Database) -> None:
    fail(breaker, 0, 1, 2)
    breaker.open_tenants(now=at(10**6))
    assert rows(database) == 1


def test_the_open_tenants_are_those_whose_calls_would_be_rejected(breaker: Breaker) -> None:
    fail(breaker, 0, 1, 2)
    fail(breaker, 3, slug="globex")
    assert breaker.open_tenants(now=at(3)) == {ACME}
    # half-open: a call must come to probe it
    assert breaker.open_tenants(now=at(32)) == set()


def test_the_circuit_of_a_deleted_tenant_is_deleted(breaker: Breaker, database: Database) -> None:
    fail(breaker, 0, 1, 2)
    with database.operator_transaction() as connection:
        connection.execute("DELETE FROM tenants WHERE id = %s", [ACME])
    assert breaker.open_tenants(now=at(3)) == set()
    assert rows(database) == 0


def test_each_vendor_has_its_own_circuit_of_a_tenant(breaker: Breaker, database: Database) -> None:
    other = Breaker(database, "another")
    fail(breaker, 0, 1, 2)
    fail(other, 2)
    assert breaker.state(ACME, now=at(3)).state is CircuitState.OPEN
    assert other.state(ACME, now=at(3)) == CircuitStatus(CircuitState.CLOSED, failures=1)
    assert (breaker.open_tenants(now=at(3)), other.open_tenants(now=at(3))) == ({ACME}, set())
    breaker.reset(ACME)
    assert other.state(ACME, now=at(3)).failures == 1


def test_a_breaker_deletes_idle_rows_of_its_own_vendor_only(
    breaker: Breaker, database: Database
) -> None:
    fail(breaker, 0)
    Breaker(database, "another").open_tenants(now=at(10**6))
    assert rows(database) == 1
    breaker.open_tenants(now=at(10**6))
    assert rows(database) == 0


def test_a_tenant_s_transaction_shows_and_takes_that_tenant_s_circuits_only(
    breaker: Breaker, database: Database
) -> None:
    fail(breaker, 0)
    fail(breaker, 0, slug="globex")
    visible = "SELECT tenant_id FROM loopctl_pipelines.circuit_breakers"
    with database.tenant_transaction(ACME) as connection:
        assert connection.execute(visible).fetchall() == [(ACME,)]
    with pytest.raises(InsufficientPrivilege), database.tenant_transaction(ACME) as connection:
        connection.execute(
            "INSERT INTO loopctl_pipelines.circuit_breakers (tenant_id, vendor, updated_at)"
            " VALUES (%s, 'another', now())",
            [GLOBEX],
        )
