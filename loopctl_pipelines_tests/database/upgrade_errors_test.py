"""Databases that cannot be upgraded: one typed error, one sentence, nothing changed."""

from uuid import uuid4

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from loopctl_pipelines.database.errors import (
    DatabaseBusyError,
    DatabaseNotUsableError,
    DatabaseUnreachableError,
    RoleUnfitError,
    SchemaTooNewError,
)
from loopctl_pipelines.database.schema_revision import is_upgraded
from loopctl_pipelines.database.upgrade import upgrade
from loopctl_pipelines.database.upgrade_errors import upgrade_error
from loopctl_pipelines_tests.database.catalog import relations

_PASSWORD = "correct-horse"  # noqa: S105 - of a role that lives as long as the test server


def _new_login(url: str) -> tuple[str, str]:
    """Create a login without any rights; return its name and its URL to the same database."""
    name = f"login_{uuid4().hex}"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(sql.Identifier(name), _PASSWORD)
        )
    return name, make_conninfo(url, user=name, password=_PASSWORD)


def _assert_nothing_was_created(url: str) -> None:
    with psycopg.connect(url) as connection:
        assert relations(connection, "public") == set()
        assert relations(connection, "loopctl_pipelines") == set()


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("postgresql://someone:hunter2@127.0.0.1:1/loopctl", "nothing listens there"),
        ("postgresql://someone:hunter2@127.0.0.1:notaport/loopctl", "a number from 1 to 65535"),
        ("postgresql://someone:hunter2@[::1/loopctl", "must have a host name"),
    ],
)
def test_an_url_that_leads_nowhere_is_an_error_that_shows_no_password(
    url: str, problem: str
) -> None:
    with pytest.raises(DatabaseUnreachableError, match=problem) as caught:
        upgrade(url)
    assert "hunter2" not in str(caught.value)
    assert caught.value.__suppress_context__


def test_a_database_that_does_not_exist_is_unreachable(empty_database: str) -> None:
    with pytest.raises(DatabaseUnreachableError):
        upgrade(make_conninfo(empty_database, dbname="no_such_database"))


def test_a_login_that_may_create_nothing_is_unfit(empty_database: str) -> None:
    _, login = _new_login(empty_database)
    with pytest.raises(RoleUnfitError, match="may not create what is missing"):
        upgrade(login)
    _assert_nothing_was_created(empty_database)


def test_the_owner_can_upgrade_once_a_superuser_made_roles_and_extension(
    empty_database: str,
) -> None:
    name, login = _new_login(empty_database)
    upgrade(empty_database)
    with psycopg.connect(empty_database, autocommit=True) as connection:
        connection.execute("DROP SCHEMA loopctl_pipelines CASCADE")
        connection.execute("DROP OWNED BY loopctl_app, loopctl_admin")
        connection.execute("DROP SCHEMA public CASCADE")
        connection.execute("CREATE SCHEMA public AUTHORIZATION pg_database_owner")
        connection.execute("CREATE EXTENSION vector SCHEMA public")
        connection.execute(
            sql.SQL("ALTER DATABASE {} OWNER TO {}").format(
                sql.Identifier(connection.info.dbname),
                sql.Identifier(name),
            )
        )
    upgrade(login)
    with psycopg.connect(login) as connection:
        assert is_upgraded(connection)


def test_a_role_that_does_not_exist_is_named_and_not_created(empty_database: str) -> None:
    with pytest.raises(RoleUnfitError, match="'misspelt_app' does not exist"):
        upgrade(empty_database, "misspelt_app")
    _assert_nothing_was_created(empty_database)


def test_a_role_that_is_given_later_can_read_our_own_schema(empty_database: str) -> None:
    upgrade(empty_database)
    role = f"later_{uuid4().hex}"
    with psycopg.connect(empty_database, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE ROLE {}").format(sql.Identifier(role)))
        upgrade(empty_database, role)
        readable = connection.execute(
            "SELECT has_table_privilege(%s, 'loopctl_pipelines.live_reports', 'SELECT')", [role]
        ).fetchone()
    assert readable == (True,)


def test_a_database_of_a_newer_version_is_left_alone(empty_database: str) -> None:
    upgrade(empty_database)
    with psycopg.connect(empty_database, autocommit=True) as connection:
        connection.execute("UPDATE loopctl_pipelines.alembic_version SET version_num = '9999'")
        with pytest.raises(SchemaTooNewError, match="newer version"):
            upgrade(empty_database)
        assert not is_upgraded(connection)


@pytest.mark.parametrize(
    ("sqlstate", "expected"),
    [
        ("42501", RoleUnfitError),
        ("55P03", DatabaseBusyError),
        ("57P01", DatabaseUnreachableError),
        ("25006", DatabaseNotUsableError),
        ("53100", DatabaseNotUsableError),
    ],
)
def test_no_text_of_the_driver_enters_an_error(
    sqlstate: str, expected: type[DatabaseNotUsableError]
) -> None:
    error = upgrade_error(psycopg.errors.lookup(sqlstate)("row of hunter2"))
    assert type(error) is expected
    assert "hunter2" not in str(error)
