"""When a key was last used."""

from datetime import UTC, datetime, timedelta

import pytest

from loopctl_pipelines.database.connection import Database
from loopctl_pipelines_tests.api.rows import add_key, add_tenants, rows_of, set_status
from loopctl_pipelines_tests.api.serving import ANOMALIES, serving
from loopctl_pipelines_tests.usage import id_of

RECENT, OLD = timedelta(seconds=30), timedelta(seconds=61)


def _now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)


@pytest.fixture(autouse=True)
def _tenants(database: Database) -> None:
    add_tenants(database, "acme")


def _used(database: Database, key: str, requests: int = 1, **headers: str) -> datetime | None:
    """Return what is noted after so many requests and the end of the server, which waits for it."""
    with serving(database) as api:
        for _ in range(requests):
            api.get(ANOMALIES, key, **headers)
    (row,) = rows_of(database, "api_keys")
    used: datetime | None = row["last_used_at"]
    return used


def test_the_first_use_of_a_key_is_noted(database: Database) -> None:
    before = _now()
    used = _used(database, add_key(database, "acme"))
    assert used
    assert used >= before


def test_a_use_is_noted_again_after_a_minute(database: Database) -> None:
    old = _now() - OLD
    used = _used(database, add_key(database, "acme", last_used_at=old))
    assert used
    assert used > old


def test_within_a_minute_nothing_is_written(database: Database) -> None:
    recent = _now() - RECENT
    assert _used(database, add_key(database, "acme", last_used_at=recent), 5) == recent


def test_many_requests_write_once(database: Database) -> None:
    key = add_key(database, "acme")
    with database.operator_transaction() as connection:
        connection.execute("CREATE TABLE written (at timestamp)")
        connection.execute(
            "CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN INSERT INTO written VALUES (now()); RETURN NEW; END $$"
        )
        connection.execute(
            "CREATE TRIGGER noting AFTER UPDATE ON api_keys FOR EACH ROW EXECUTE FUNCTION note()"
        )
    _used(database, key, 20)
    with database.operator_transaction() as connection:
        assert connection.execute("SELECT count(*) FROM written").fetchone() == (1,)


def test_the_use_of_a_superadmin_s_key_is_noted(database: Database) -> None:
    assert _used(database, add_key(database, None), x_impersonate_tenant=str(id_of("acme")))


def test_the_use_of_a_key_whose_tenant_is_denied_is_noted(database: Database) -> None:
    set_status(database, "acme", "suspended")
    assert _used(database, add_key(database, "acme"))


def test_a_revoked_key_is_not_used(database: Database) -> None:
    assert _used(database, add_key(database, "acme", revoked_at=_now())) is None


def test_no_request_waits_for_a_locked_key(database: Database) -> None:
    key = add_key(database, "acme")
    with database.operator_transaction() as connection:
        connection.execute("SELECT FROM api_keys FOR UPDATE")
        assert _used(database, key) is None
