"""Databases that cannot be worked with: one typed error, one sentence."""

from uuid import uuid4

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from loopctl_pipelines.costs.table_use import COST_TABLES
from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.database.errors import (
    DatabaseUnreachableError,
    RoleUnfitError,
    SchemaMissingError,
)
from loopctl_pipelines.database.preflight import check_database
from loopctl_pipelines.database.upgrade import upgrade


def _execute(url: str, statement: str, role: str = "") -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(sql.SQL(statement).format(role=sql.Identifier(role)).as_string())


def test_a_database_that_was_upgraded_is_fit(database: Database) -> None:
    check_database(database, COST_TABLES)


def test_no_server_is_told_at_once_and_without_the_password() -> None:
    nowhere = Database("postgresql://someone:hunter2@127.0.0.1:1/loopctl", "loopctl_app")
    with pytest.raises(DatabaseUnreachableError, match="nothing listens there") as caught:
        check_database(nowhere, COST_TABLES)
    assert "hunter2" not in str(caught.value)


def test_an_empty_database_has_to_be_upgraded(empty_database: str) -> None:
    with pytest.raises(SchemaMissingError, match="db upgrade"):
        check_database(Database(empty_database, "loopctl_app"), COST_TABLES)


@pytest.mark.parametrize(
    ("made_unfit_by", "problem"),
    [
        ("SELECT", "does not exist"),
        ("CREATE ROLE {role} SUPERUSER", "superuser or has BYPASSRLS"),
        ("CREATE ROLE {role} BYPASSRLS", "superuser or has BYPASSRLS"),
        ("CREATE ROLE {role}; ALTER TABLE stories OWNER TO {role}", "owns stories"),
        ("CREATE ROLE {role}", "lacks DELETE on cost_anomalies"),
        ("CREATE ROLE {role}; ALTER TABLE stories DISABLE ROW LEVEL SECURITY", "on stories"),
    ],
)
def test_an_unfit_role_is_told_by_name(database_url: str, made_unfit_by: str, problem: str) -> None:
    role = f"unfit {uuid4().hex}"
    _execute(database_url, made_unfit_by, role)
    with pytest.raises(RoleUnfitError, match=problem) as caught:
        check_database(Database(database_url, role), COST_TABLES)
    assert role in str(caught.value)


def test_a_role_that_may_not_call_our_function_is_told_by_name(database_url: str) -> None:
    _execute(
        database_url,
        "REVOKE EXECUTE ON FUNCTION loopctl_pipelines.as_object(jsonb) FROM PUBLIC, loopctl_app",
    )
    with pytest.raises(RoleUnfitError, match=r"lacks EXECUTE on loopctl_pipelines\.as_object"):
        check_database(Database(database_url, "loopctl_app"), COST_TABLES)


def test_an_upgrade_grants_what_default_privileges_have_taken_from_everybody(
    empty_database: str,
) -> None:
    _execute(empty_database, "ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC")
    upgrade(empty_database)
    check_database(Database(empty_database, "loopctl_app"), COST_TABLES)


def test_a_login_that_may_not_enter_the_role_is_refused(database_url: str) -> None:
    login = f"login {uuid4().hex}"
    _execute(
        database_url,
        "CREATE ROLE {role} LOGIN; GRANT USAGE ON SCHEMA loopctl_pipelines TO {role};"
        "GRANT SELECT ON loopctl_pipelines.alembic_version TO {role}",
        login,
    )
    with pytest.raises(RoleUnfitError, match=f'GRANT loopctl_app TO "{login}";'):
        check_database(
            Database(make_conninfo(database_url, user=login), "loopctl_app"), COST_TABLES
        )
