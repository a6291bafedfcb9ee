"""Dagster's storage beside loopctl's database, in any form of URL, or one sentence why not."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
import sqlalchemy
from dagster import DagsterRun
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from loopctl_pipelines.database import dagster_database
from loopctl_pipelines.database.dagster_database import (
    check_dagster_database,
    create_beside,
    is_beside,
)
from loopctl_pipelines.database.dagster_database import dagster_url as url_for_dagster
from loopctl_pipelines.database.errors import DatabaseUnreachableError, RoleUnfitError
from loopctl_pipelines.orchestration.instance import dagster_instance


@pytest.fixture
def name(monkeypatch: pytest.MonkeyPatch) -> str:
    """Give the database beside a name of its own: the server is every test's."""
    name = f"beside_{uuid4().hex}"
    monkeypatch.setattr(dagster_database, "_BESIDE", name)
    return name


def _login_without_rights(url: str) -> str:
    login = f"login_{uuid4().hex}"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(login)))
    return url_for_dagster(url, user=login)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://loopctl:p%40ss%2F%3Aword@db.example:6432/dagster?sslmode=require",
        "postgres://loopctl@db.example/dagster",
        "postgresql:///dagster?host=%2Ftmp%2Fa%20folder&user=loopctl",
        "postgresql://?dbname=dagster&host=db.example",
        "postgresql://loopctl@one.example:1,two.example:2/dagster?target_session_attrs=primary",
    ],
)
def test_every_form_of_url_leads_dagster_where_it_leads_libpq(url: str) -> None:
    read_by_dagster = sqlalchemy.make_url(url_for_dagster(url))
    asked = conninfo_to_dict(url)
    assert read_by_dagster.drivername == "postgresql"
    assert read_by_dagster.translate_connect_args(username="user", database="dbname") == {
        key: asked[key] for key in ("user", "password", "dbname") if key in asked
    }
    assert conninfo_to_dict(url_for_dagster(url)) == asked
    assert "hunter2" not in repr(sqlalchemy.make_url(url_for_dagster(url, password="hunter2")))  # noqa: S106 - of nobody


def test_what_is_no_url_is_told_by_the_settings_name_without_its_password() -> None:
    with pytest.raises(
        DatabaseUnreachableError,
        match="LOOPCTL_DAGSTER_URL is not the URL of a PostgreSQL database",
    ) as caught:
        url_for_dagster("postgresql://u:hunter2@[::1/dagster")
    assert "hunter2" not in str(caught.value)


def test_two_commands_that_create_it_at_once_share_it(database_url: str, name: str) -> None:
    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(create_beside, [database_url] * 2)
    assert first == second == create_beside(database_url)
    assert conninfo_to_dict(first)["dbname"] == name
    check_dagster_database(first)


def test_a_look_for_it_creates_nothing(database_url: str, name: str) -> None:
    assert [is_beside(database_url), is_beside(database_url)] == [False, False]
    with pytest.raises(RoleUnfitError, match=f"CREATE DATABASE {name} OWNER login_"):
        is_beside(_login_without_rights(database_url))
    create_beside(database_url)
    assert is_beside(database_url)


def test_a_login_that_may_not_create_it_can_use_it_once_the_sql_of_the_message_has_run(
    database_url: str, name: str
) -> None:
    login = _login_without_rights(database_url)
    with pytest.raises(RoleUnfitError, match=f"may not create the database '{name}'") as caught:
        create_beside(login)
    _run_sql_of(caught.value, database_url, "CREATE DATABASE")
    check_dagster_database(create_beside(login))


def test_dagster_works_by_a_url_without_a_host_before_the_slash(
    dagster_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts = conninfo_to_dict(dagster_url)
    bare = f"postgres:///{parts['dbname']}?user={parts['user']}&host={parts['host']}"
    monkeypatch.setenv("LOOPCTL_DAGSTER_URL", url_for_dagster(bare))
    with dagster_instance(tmp_path) as instance:
        instance.add_dynamic_partitions("tenants", ["acme"])
        assert instance.get_dynamic_partitions("tenants") == ["acme"]


def test_a_storage_that_is_not_there_is_told_by_the_settings_name() -> None:
    nowhere = "postgresql://someone:hunter2@127.0.0.1:1/dagster"
    with pytest.raises(DatabaseUnreachableError, match="in LOOPCTL_DAGSTER_URL") as caught:
        check_dagster_database(nowhere)
    assert "hunter2" not in str(caught.value)


def test_a_database_that_another_login_has_created_is_given_by_the_sql_of_the_message(
    database_url: str, name: str
) -> None:
    beside = create_beside(database_url)
    login = _login_without_rights(database_url)
    assert create_beside(login)
    with pytest.raises(RoleUnfitError, match=f"Dagster's tables in the database {name}") as caught:
        check_dagster_database(create_beside(login))
    _run_sql_of(caught.value, beside, "ALTER DATABASE")
    check_dagster_database(create_beside(login))


def test_tables_that_another_login_has_created_are_given_by_the_sql_of_the_message(
    dagster_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    check_dagster_database(dagster_url)
    login = _login_without_rights(dagster_url)
    with psycopg.connect(dagster_url, autocommit=True) as connection:
        connection.execute("GRANT CREATE ON SCHEMA public TO PUBLIC")
    with pytest.raises(RoleUnfitError, match="may not create or write") as caught:
        check_dagster_database(login)
    _run_sql_of(caught.value, dagster_url, "GRANT ALL")
    check_dagster_database(login)
    monkeypatch.setenv("LOOPCTL_DAGSTER_URL", login)
    with dagster_instance(tmp_path) as instance:
        instance.add_dynamic_partitions("tenants", ["acme"])
        assert instance.run_storage.add_run(DagsterRun("daily_costs"))


def _run_sql_of(error: RoleUnfitError, url: str, begins: str) -> None:
    """Run what the message says, as the superuser."""
    text = str(error)
    with psycopg.connect(url, autocommit=True) as connection:
        for each in text[text.index(begins) : text.rindex(";")].split(";"):
            connection.execute(each.encode())


def test_a_login_that_may_write_the_tables_but_create_none_for_heartbeats_is_unfit(
    dagster_url: str,
) -> None:
    login = _login_without_rights(dagster_url)
    with psycopg.connect(dagster_url, autocommit=True) as connection:
        connection.execute("GRANT ALL ON ALL TABLES IN SCHEMA public TO PUBLIC")
        with pytest.raises(RoleUnfitError, match="may not create or write Dagster's tables"):
            check_dagster_database(login)
        connection.execute("GRANT CREATE ON SCHEMA public TO PUBLIC")
    check_dagster_database(login)


def test_a_storage_that_is_read_only_is_a_sentence(dagster_url: str) -> None:
    options = "-c default_transaction_read_only=on"
    with pytest.raises(DatabaseUnreachableError, match="Dagster's storage is read-only: a standby"):
        check_dagster_database(url_for_dagster(dagster_url, options=options))
